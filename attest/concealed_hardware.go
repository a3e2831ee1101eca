package attest

import (
	"fmt"

	"github.com/weighbridge/weighbridge/attest/disclosure"
)

type concealedHardware struct {
	Hardware
	Devices []concealedDevice `json:"devices"`
}

type concealedDevice struct {
	Device
	Count *uint64 `json:"count"`
}

func viewHardware(opened disclosure.Opened, d *Disclosed) (*Hardware, error) {
	c, err := decode[concealedHardware](opened.JSON)
	if err != nil {
		return nil, err
	}
	out := c.Hardware
	for i, device := range c.Devices {
		view := device.Device
		view.Count = 1 // one at least: it worked on a model
		if device.Count != nil {
			view.Count = *device.Count
		} else {
			d.hide(fmt.Sprintf("devices[%d].count", i))
		}
		out.Devices = append(out.Devices, view)
	}
	d.closed(opened)
	if err := inOneEncoding(opened.JSON, c); err != nil {
		return nil, err
	}
	return &out, out.normal().Validate()
}
