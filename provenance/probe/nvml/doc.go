// Package nvml asks NVIDIA's management library for the inventory and for
// signals of use. The library is loaded when [Open] is called and belongs to the
// driver: where there is no NVIDIA driver [Open] says so in one line, which is
// normal. A program built without cgo, or for another system than Linux, has no
// way to load it and says that; nvidia-smi is then the way to the same facts.
//
// A function that an older driver's library lacks is never called: the symbol is
// looked up first, because calling it would end the process.
package nvml
