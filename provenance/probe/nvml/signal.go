package nvml

// Signal is one reading of one device, over the time since the reading before.
type Signal struct {
	UUID        string  // of the device, or of the MIG slice
	GPUInstance int     // of a slice whose UUID is that of its device; -1: the whole device
	Name        string  // as meter/SPEC.md lists them, such as tensor-active
	Source      string  // gpm or nvml
	Value       float64 // a share from 0 to 1, or the count of a counter
}
