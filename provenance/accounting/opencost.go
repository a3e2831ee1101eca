package accounting

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
)

// openCostAllocation is what is read of an allocation (opencost/opencost at
// 1ea64d02, core/pkg/opencost/allocation_json.go).
type openCostAllocation struct {
	Name       string `json:"name"`
	Properties struct {
		Cluster    string            `json:"cluster"`
		Node       string            `json:"node"`
		Namespace  string            `json:"namespace"`
		Controller string            `json:"controller"`
		Pod        string            `json:"pod"`
		Container  string            `json:"container"`
		ProviderID string            `json:"providerID"`
		Labels     map[string]string `json:"labels"`
	} `json:"properties"`
	Start         string      `json:"start"`
	End           string      `json:"end"`
	GPUHours      json.Number `json:"gpuHours"`
	GPUAllocation *struct {
		Device string `json:"gpuDevice"`
		Model  string `json:"gpuModel"`
	} `json:"gpuAllocation"`
}

// readOpenCost reads a response of the allocation API: {"code":200,"data":[{NAME:
// ALLOCATION, ...}, ...]}, an allocation at a time. What nobody held (__idle__)
// is no use.
func readOpenCost(in *bufio.Reader, o ReadOptions, n *notes, yield func(Use) error) error {
	limit := &recordReader{in: in, left: 2 * MaxRecord}
	dec := json.NewDecoder(limit)
	if err := openCostData(dec); err != nil {
		return fmt.Errorf("%s: %w", o.Name, err)
	}
	var idle int
	number := int64(0)
	for dec.More() { // a set for each step of time
		token, err := dec.Token()
		if err != nil || token != json.Delim('{') {
			if token == nil && err == nil {
				continue // null: a step without data
			}
			return fmt.Errorf("%s: data: found %v (%v), expected a set of allocations", o.Name, token, err)
		}
		for dec.More() {
			limit.left = 2 * MaxRecord
			number++
			if _, err := dec.Token(); err != nil {
				return fmt.Errorf("%s: allocation %d: %w", o.Name, number, err)
			}
			var raw json.RawMessage
			if err := dec.Decode(&raw); err != nil {
				return fmt.Errorf("%s: allocation %d: %w", o.Name, number, err)
			}
			u, used, err := openCostUse(raw, number)
			if err != nil {
				n.add("row-unread", "%s: %v: left out", where(o.Name, number), err)
				continue
			}
			if u.Resource == "" {
				idle++
			}
			if used {
				if err := yield(u); err != nil {
					return err
				}
			}
		}
		if _, err := dec.Token(); err != nil {
			return fmt.Errorf("%s: after allocation %d: %w", o.Name, number, err)
		}
	}
	if _, err := dec.Token(); err != nil { // the end of data: a response that was cut off has none
		return fmt.Errorf("%s: the response ends within its data, after allocation %d: it was cut off; ask for it again", o.Name, number)
	}
	if idle > 0 {
		n.add("idle-rows", "%s: %d allocations that nobody held (__idle__ and the like): no use", o.Name, idle)
	}
	return nil
}

// openCostData moves to the array of sets. A status other than 200 is an error's
// response.
func openCostData(dec *json.Decoder) error {
	if token, err := dec.Token(); err != nil || token != json.Delim('{') {
		return fmt.Errorf("found %v (%v), expected a response of OpenCost's allocation API", token, err)
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		if key == "data" {
			if token, err := dec.Token(); err != nil || token != json.Delim('[') {
				return fmt.Errorf("data: found %v (%v), expected an array of sets", token, err)
			}
			return nil
		}
		var value any
		if err := dec.Decode(&value); err != nil {
			return err
		}
		if code, isNumber := value.(float64); key == "code" && isNumber && code != 200 {
			return fmt.Errorf("code %v: the response says that it failed; ask for it again", value)
		}
	}
	return fmt.Errorf("no data: expected a response of OpenCost's allocation API")
}

// openCostUse turns an allocation into a use; used is false where it held no
// accelerator, and the resource empty where nobody held it.
func openCostUse(raw []byte, number int64) (u Use, used bool, err error) {
	var a openCostAllocation
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&a); err != nil {
		return u, false, fmt.Errorf("allocation: %w", err)
	}
	if strings.Contains(a.Name, "__idle__") || strings.Contains(a.Name, "__unmounted__") {
		return u, false, nil
	}
	p := a.Properties
	u = Use{Line: number, Account: p.Namespace, Job: p.Controller, JobAlias: p.Pod, Instance: p.Node}
	u.Resource = strings.Join([]string{"container", p.Cluster, p.Node, p.Namespace, p.Pod, p.Container, a.Name}, " ")
	for _, label := range []string{"batch_kubernetes_io_job_name", "job_name"} { // as Prometheus spells batch.kubernetes.io/job-name
		if job := p.Labels[label]; job != "" {
			u.Job = job
		}
	}
	if a.GPUHours == "" { // null stands for what is no number
		return u, false, fmt.Errorf("allocation %.80q: gpuHours is missing or null, so what it held is not known: ask the allocation API itself, not its summary", a.Name)
	}
	hours, ok := new(big.Rat).SetString(a.GPUHours.String())
	if !ok || len(a.GPUHours) > maxQuantity || hours.Sign() < 0 {
		return u, false, fmt.Errorf("gpuHours %.40q: expected hours, not negative", a.GPUHours)
	}
	if hours.Sign() == 0 {
		return u, false, nil
	}
	if u.Held, err = amountOf(hours.Mul(hours, big.NewRat(3600, 1))); err != nil {
		return u, false, err
	}
	if u.Start, err = rfc3339(a.Start); err != nil {
		return u, false, fmt.Errorf("start: %w", err)
	}
	if u.End, err = rfc3339(a.End); err != nil {
		return u, false, fmt.Errorf("end: %w", err)
	}
	if u.End <= u.Start {
		return u, false, fmt.Errorf("the allocation ends at %s, not after its start %s: a negative time holds nothing", a.End, a.Start)
	}
	if g := a.GPUAllocation; g != nil {
		for _, name := range []string{g.Model, g.Device} {
			if name != "" {
				u.Names = append(u.Names, name)
			}
		}
	}
	for _, name := range append(u.Names, u.Account, u.Job, u.JobAlias, u.Instance) {
		if err := named("name", name); err != nil {
			return u, false, err
		}
	}
	return u, true, nil
}
