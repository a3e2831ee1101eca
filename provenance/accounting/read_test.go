package accounting

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/provenance"
)

func read(t testing.TB, text string) (Kind, []Use, []Finding, error) {
	t.Helper()
	var uses []Use
	kind, findings, err := Read(strings.NewReader(text), ReadOptions{Name: "f"}, func(u Use) error {
		uses = append(uses, u)
		return nil
	})
	return kind, uses, findings, err
}

const (
	plainHead = "account,job,instance,chip,chips,start,end\n"
	focusHead = "BillingAccountId,SubAccountId,ChargeCategory,ChargeClass,ChargePeriodStart,ChargePeriodEnd,CommitmentDiscountStatus,ConsumedQuantity,ConsumedUnit,ResourceId,SkuPriceDetails,SkuPriceId\n"
	slurmHead = "JobID|JobIDRaw|Account|State|Start|End|ElapsedRaw|AllocTRES|NodeList\n"
	day       = "2026-08-22T00:00:00Z,2026-08-23T00:00:00Z"
)

const openCost = `{"code":200,"data":[{"ml/train-0/main":{"name":"ml/train-0/main","properties":{"cluster":"c1","node":"n1","namespace":"ml","controller":"train","pod":"train-0","container":"main","labels":{"job_name":"job-7"}},
"window":{"start":"2026-08-22T00:00:00Z","end":"2026-08-23T00:00:00Z"},"start":"2026-08-22T01:00:00Z","end":"2026-08-22T03:00:00Z","minutes":120.00000,"cpuCores":8,"gpuCount":8.00000,"gpuHours":16.00000,"gpuCost":1,"gpuAllocation":{"gpuDevice":"nvidia0","gpuModel":"NVIDIA-H100-80GB-HBM3"}},
"__idle__":{"name":"__idle__","start":"2026-08-22T00:00:00Z","end":"2026-08-23T00:00:00Z","gpuHours":3},
"web":{"name":"web","properties":{"namespace":"web"},"start":"2026-08-22T00:00:00Z","end":"2026-08-23T00:00:00Z","gpuHours":0.00000}},null]}`

const dcgmJob = `Successfully retrieved statistics for job: 481623.
+------------------------------------------------------------------------------+
| GPU ID: 0                                                                    |
+====================================+=========================================+
|-----  Execution Stats  ------------+-----------------------------------------|
| Start Time                         | Sat Aug 22 10:11:40 2026                |
| End Time                           | Sat Aug 22 10:20:10 2026                |
| Total Execution Time (sec)         | 510.25                                  |
| No. of Processes                   | 1                                       |
+-----  Performance Stats  ----------+-----------------------------------------+
| Energy Consumed (Joules)           | 250000                                  |
+------------------------------------+-----------------------------------------+

+------------------------------------------------------------------------------+
| GPU ID: 1                                                                    |
+====================================+=========================================+
| Start Time                         | Sat Aug 22 10:11:40 2026                |
| End Time                           | Sat Aug 22 10:20:10 2026                |
| Total Execution Time (sec)         | 510                                     |
+------------------------------------+-----------------------------------------+
`

// TestSources: what each form of accounting says, to the picosecond, and what it
// says that is no use.
func TestSources(t *testing.T) {
	for _, c := range []struct {
		name, text string
		kind       Kind
		want       []string // account/job/alias/resource/names/start/hours
		findings   string   // codes
	}{
		{"plain", plainHead + "a,j,i,H200,8,2026-08-22T10:00:00Z,2026-08-22T11:00:00.5+01:00\n", Plain, []string{"a/j//instance i job j/[H200]/2026-08-22T10:00:00Z/0.001111"}, ""},
		{"plain without instance", plainHead + "a,j,,H200,0.5,2026-08-22T10:00:00Z,2026-08-22T12:00:00Z\r\n", Plain, []string{"a/j//job j/[H200]/2026-08-22T10:00:00Z/1"}, ""},
		{"plain of nothing", plainHead, Plain, nil, ""},
		{"json", `{"schema":"weighbridge.dev/accounting/v1","entries":[{"account":"a","job":"j","chip":"H200","chips":"2","start":"2026-08-22T10:00:00Z","end":"2026-08-22T11:00:00Z"}]}`, Plain,
			[]string{"a/j//job j/[H200]/2026-08-22T10:00:00Z/2"}, ""},
		{"sacct", slurmHead +
			"481516|481516|acme|FAILED|2026-08-22T09:58:00|2026-08-22T10:11:30|810|billing=768,gres/gpu:h100=64,gres/gpu=64|n[01-02]\n" +
			"481516.batch|481516.batch|acme|FAILED|2026-08-22T09:58:00|2026-08-22T10:11:30|810|gres/gpu:h100=64,gres/gpu=64|n01\n" +
			"9_4|13|acme|CANCELLED by 5|2026-08-22T09:58:00|2026-08-22T09:59:00|60|gres/gpu=3,gres/gpu:a100=1|n1\n" +
			"14|14|acme|PENDING|Unknown|Unknown|0|gres/gpu=3|None assigned\n" +
			"15|15|acme|RUNNING|2026-08-22T09:58:00|Unknown|3600|gres/gpu=1|n1\n" +
			"16|16|acme|COMPLETED|2026-08-22T09:58:00|2026-08-22T12:58:00|3600|gres/gpu=1|n1\n" +
			"17|17|acme|COMPLETED|Unknown|Unknown|3600|gres/gpu=2|n1\n" +
			"18|18|acme|COMPLETED|2026-08-22T09:58:00|2026-08-22T12:58:00|3600|cpu=1|n1\n", Slurm, []string{
			"acme/481516//job 481516/[h100]/2026-08-22T09:58:00Z/14.4",
			"acme/13/9_4/job 13/[a100]/2026-08-22T09:58:00Z/0.016667", "acme/13/9_4/job 13/[]/2026-08-22T09:58:00Z/0.033333",
			"acme/15//job 15/[]/2026-08-22T09:58:00Z/1", "acme/16//job 16/[]/2026-08-22T09:58:00Z/1", "acme/17//job 17/[]/undated/2"}, "job-steps"},
		{"sacct -p with Elapsed", "JobID|Elapsed|AllocTRES|Start|\n7|1-00:00:01|gres/gpu=1|2026-08-22T00:00:00|\n", Slurm, []string{"/7//job 7/[]/2026-08-22T00:00:00Z/24.000278"}, ""},
		{"sacct in another order, with steps of jobs that held nothing", slurmHead +
			"5.0|5.0|a|X|2026-08-22T00:00:00|2026-08-22T01:00:00|3600|gres/gpu=1|n1\n" +
			"6.batch|6.batch|a|X|2026-08-22T00:00:00|2026-08-22T01:00:00|3600|cpu=4|n1\n" +
			"5|5|a|X|2026-08-22T00:00:00|2026-08-22T01:00:00|3600|gres/gpu=1|n1\n" +
			"7|7|a|X|2026-08-22T00:00:00|2026-08-22T01:00:00|3600|gres/gpu=1|n1\n" +
			"5.1|5.1|a|X|2026-08-22T00:00:00|2026-08-22T01:00:00|3600|gres/gpu=1|n1\n", Slurm,
			[]string{"a/5//job 5/[]/2026-08-22T00:00:00Z/1", "a/7//job 7/[]/2026-08-22T00:00:00Z/1"}, "job-steps"},
		{"sacct with other generic resources", slurmHead +
			"1|1|a|X|2026-08-22T00:00:00|2026-08-22T01:00:00|3600|gres/shard:h100=4,gres/shard=8,gres/gpumem=80G,gres/gpuutil=90|n1\n" +
			"2|2|a|X|2026-08-22T00:00:00|2026-08-22T01:00:00|3600|gres/npu=16,gres/gpu=0,cpu=4,license/x=1|n1\n", Slurm,
			[]string{"a/1//job 1/[gres/shard:h100]/2026-08-22T00:00:00Z/4", "a/1//job 1/[gres/shard]/2026-08-22T00:00:00Z/4", "a/2//job 2/[gres/npu]/2026-08-22T00:00:00Z/16"}, ""},
		{"sacct with what is no accelerator", slurmHead +
			"1|1|a|X|2026-08-22T00:00:00|2026-08-22T01:00:00|3600|gres/gpu:h100=8,gres/gpu=8,gres/tmpdisk=100G,node=1|n1\n" +
			"2|2|a|X|2026-08-22T00:00:00|2026-08-22T01:00:00|3600|gres/gpu:h100=8,gres/gpu=8,gres/nic=2,gres/license:x=1,node=1|n1\n", Slurm,
			[]string{"a/1//job 1/[h100]/2026-08-22T00:00:00Z/8", "a/2//job 2/[h100]/2026-08-22T00:00:00Z/8"}, "other-resources"},
		{"sacct with a resource that nobody knows", slurmHead +
			"1|1|a|X|2026-08-22T00:00:00|2026-08-22T01:00:00|3600|gres/foo=100G,gres/gpu:h100=8,gres/gpu=8|n1\n" +
			"2|2|a|X|2026-08-22T00:00:00|2026-08-22T01:00:00|3600|gres/gpu:h100=8,gres/foo=2|n1\n" +
			"3.0|3.0|a|X|2026-08-22T00:00:00|2026-08-22T01:00:00|3600|gres/nic=2|n1\n", Slurm,
			[]string{"a/1//job 1/[h100]/2026-08-22T00:00:00Z/8", "a/2//job 2/[h100]/2026-08-22T00:00:00Z/8", "a/2//job 2/[gres/foo]/2026-08-22T00:00:00Z/2"}, "row-unread job-steps"},
		{"focus in other units", focusHead +
			"b,s,Usage,," + day + ",,24,Instance-Hours,i-1,,S\n" +
			"b,s,Usage,," + day + ",,1440,VM-Minutes,i-2,,S\n" +
			"b,s,Usage,," + day + ",,2,Days,i-3,,S\n" +
			"b,s,Usage,," + day + ",,24,GB-Hours,i-1,,S\n" +
			"b,s,Usage,," + day + ",,24,vCPU-Hours,i-1,,S\n" +
			"b,s,Usage,Correction," + day + ",,,Hours,i-1,,S\n" +
			"b,s,Usage,," + day + ",,,Requests,i-1,,S\n", FOCUS,
			[]string{"s///resource i-1/[S]/2026-08-22T00:00:00Z/24", "s///resource i-2/[S]/2026-08-22T00:00:00Z/24", "s///resource i-3/[S]/2026-08-22T00:00:00Z/48"}, "not-time"},
		{"focus", focusHead +
			`b,s,Usage,,` + day + `,Used,8,Hours,i-1,"{""InstanceType"":""p5.48xlarge""}",S.1` + "\n" +
			`b,,Usage,Correction,` + day + `,,-1,Hours,i-1,,S.1` + "\n" +
			`b,s,Usage,,` + day + `,Unused,,,,,S.1` + "\n" +
			`b,s,Purchase,,` + day + `,,1,Hours,i-1,,S.1` + "\n" +
			`b,s,Usage,,` + day + `,,1,GB-Months,i-1,,S.1` + "\n", FOCUS,
			[]string{"s///resource i-1/[p5.48xlarge S.1]/2026-08-22T00:00:00Z/8", "b///resource i-1/[S.1]/2026-08-22T00:00:00Z/-1"}, "commitment-unused not-time"},
		{"opencost", openCost, OpenCost, []string{"ml/job-7/train-0/container c1 n1 ml train-0 main ml/train-0/main/[NVIDIA-H100-80GB-HBM3 nvidia0]/2026-08-22T01:00:00Z/16"}, "idle-rows"},
		{"dcgm", dcgmJob, DCGM, []string{"/481623//job 481623 GPU 0 of f/[]/2026-08-22T10:11:40Z/0.141736", "/481623//job 481623 GPU 1 of f/[]/2026-08-22T10:11:40Z/0.141667"}, ""},
	} {
		kind, uses, findings, err := read(t, c.text)
		if err != nil || kind != c.kind {
			t.Errorf("%s: %s %v", c.name, kind, err)
			continue
		}
		var got []string
		for _, u := range uses {
			start, sign := instant(u.Start), ""
			if u.Undated {
				start = "undated"
			}
			if u.Negative {
				sign = "-"
			}
			got = append(got, fmt.Sprintf("%s/%s/%s/%s/%v/%s/%s%s", u.Account, u.Job, u.JobAlias, u.Resource, u.Names, start, sign, u.Held.Hours()))
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
		if found := codes(findings); found != c.findings {
			t.Errorf("%s: findings %q, want %q: %v", c.name, found, c.findings, findings)
		}
	}
}

func codes(findings []Finding) string {
	var list []string
	for _, f := range findings {
		list = append(list, f.Code)
	}
	return strings.Join(list, " ")
}

// TestRefused: our own form is read strictly, and what is no accounting at all is
// said to be none.
func TestRefused(t *testing.T) {
	entry := `{"account":"a","job":"j","chip":"c","chips":"2","start":"2026-08-22T10:00:00Z","end":"2026-08-22T11:00:00Z"}`
	doc := func(entries string) string {
		return `{"schema":"weighbridge.dev/accounting/v1","entries":[` + entries + `]}`
	}
	row := func(cells string) string { return plainHead + cells + "\n" }
	vectors := map[string][2]string{
		"empty":                {"", "the file is empty"},
		"a log":                {"step 1 loss 2.0\n", "expected the header of our own form"},
		"another header":       {"account,job,instance,chip,chips,start\n", "expected the header"},
		"a column more":        {"account,job,instance,chip,chips,start,end,x\n", "expected the header"},
		"negative interval":    {row("a,j,i,c,1,2026-08-22T11:00:00Z,2026-08-22T10:00:00Z"), "f:2: end 2026-08-22T10:00:00Z is before start"},
		"negative chips":       {row("a,j,i,c,-1,2026-08-22T10:00:00Z,2026-08-22T11:00:00Z"), `chips: number "-1"`},
		"chips in exponent":    {row("a,j,i,c,1e3,2026-08-22T10:00:00Z,2026-08-22T11:00:00Z"), `chips: number "1e3"`},
		"chips too fine":       {row("a,j,i,c,0.0001,2026-08-22T10:00:00Z,2026-08-22T11:00:00Z"), "at most three decimal places"},
		"too many chips":       {row("a,j,i,c,9999999999,2026-08-22T10:00:00Z,2026-08-22T11:00:00Z"), "at most 1000000000"},
		"no zone":              {row("a,j,i,c,1,2026-08-22T10:00:00,2026-08-22T11:00:00Z"), "expected RFC 3339 with a zone"},
		"before time":          {row("a,j,i,c,1,1909-08-22T10:00:00Z,2026-08-22T11:00:00Z"), "a year from 1970 to 2199"},
		"nobody":               {row("a,,,c,1,2026-08-22T10:00:00Z,2026-08-22T11:00:00Z"), "neither job nor instance"},
		"no chip":              {row("a,j,,,1,2026-08-22T10:00:00Z,2026-08-22T11:00:00Z"), "chip is empty"},
		"control character":    {row("a,\x1b[2J,,c,1,2026-08-22T10:00:00Z,2026-08-22T11:00:00Z"), "without control characters"},
		"cells missing":        {row("a,j,i,c,1"), "wrong number of fields"},
		"an open quote":        {row(`a,"j` + strings.Repeat("x\n", 3<<20)), "quotation mark that is not closed"},
		"json unknown key":     {doc(strings.Replace(entry, `"job"`, `"jobs"`, 1)), `key "jobs" is unknown`},
		"json key twice":       {doc(strings.Replace(entry, `"job":"j"`, `"job":"j","job":"k"`, 1)), "stands there twice"},
		"json other case":      {doc(strings.Replace(entry, `"job"`, `"Job"`, 1)), `key "Job" is unknown`},
		"json a number":        {doc(strings.Replace(entry, `"2"`, `2`, 1)), "expected a text"},
		"json trailing":        {doc(entry) + "x", "bytes after the document"},
		"json cut off":         {doc(entry)[:150], "unexpected EOF"},
		"json other schema":    {strings.Replace(doc(entry), "accounting/v1", "accounting/v12", 1), "expected weighbridge.dev/accounting/v1"},
		"bill without periods": {"ChargePeriodStart,x\n", "the column chargecategory is missing"},
		"sacct without a time": {"JobID|User|Account|State|Start|End|AllocTRES|NodeList\n", "lacks ElapsedRaw (or Elapsed): run sacct -P -o "},
		"sacct without a job":  {"Account|AllocTRES\n", "lacks JobIDRaw (or JobID) and ElapsedRaw (or Elapsed)"},
		"opencost failed":      {`{"code":500,"message":"x","data":[]}`, "code 500"},
		"opencost cut off":     {openCost[:len(openCost)-3], "unexpected EOF"},
		"opencost no sets":     {`{"code":200,"data":"none"}`, "expected an array of sets"},
	}
	if len(vectors) < 10 {
		t.Fatalf("%d vectors", len(vectors))
	}
	for name, v := range vectors {
		if _, _, _, err := read(t, v[0]); err == nil || !strings.Contains(err.Error(), v[1]) {
			t.Errorf("%s: %v, want %q", name, err, v[1])
		}
	}
}

// TestForeignFaults: a row of a foreign source that cannot be used is named and
// left out; the others are read.
func TestForeignFaults(t *testing.T) {
	good := "1|1|a|COMPLETED|2026-08-22T09:58:00|2026-08-22T09:59:00|60|gres/gpu=1|n1\n"
	for name, v := range map[string][2]string{
		"slurm cut off":          {slurmHead + "2|2|a|COMP\n" + good, "f:2: 4 cells under a header of 9"},
		"slurm negative elapsed": {slurmHead + "2|2|a|X|2026-08-22T09:58:00|2026-08-22T09:59:00|-60|gres/gpu=1|n1\n" + good, `ElapsedRaw "-60"`},
		"slurm devices":          {slurmHead + "2|2|a|X|2026-08-22T09:58:00|2026-08-22T09:59:00|60|gres/gpu=x|n1\n" + good, `AllocTRES "gres/gpu=x"`},
		"slurm start":            {slurmHead + "2|2|a|X|yesterday|2026-08-22T09:59:00|60|gres/gpu=1|n1\n" + good, "start: time"},
		"slurm nodes":            {slurmHead + "2|2|a|X|2026-08-22T09:58:00|2026-08-22T09:59:00|60|gres/gpu=1|n[1-999999999]\n" + good, "NodeList"},
		"slurm long line":        {slurmHead + strings.Repeat("x", 1<<20) + "\n" + good, "longer than"},
		"slurm step alone":       {slurmHead + "2.0|2.0|a|X|2026-08-22T09:58:00|2026-08-22T09:59:00|60|gres/gpu=8|n1\n" + good, `f:2: job "2": a step that held devices, of a job that has no row`},
		"slurm shard":            {slurmHead + "2|2|a|X|2026-08-22T09:58:00|2026-08-22T09:59:00|60|gres/shard=x|n1\n" + good, `AllocTRES "gres/shard=x"`},
		"bill no quantity":       {focusHead + "b,s,Usage,," + day + ",,,Hours,i-1,,S\n" + "b,s,Usage,," + day + ",,8,Hours,i-1,,S\n", "without ConsumedQuantity: how long it ran is not known"},
		"bill of months":         {focusHead + "b,s,Usage,," + day + ",,1,Months,i-1,,S\n" + "b,s,Usage,," + day + ",,8,Hours,i-1,,S\n", `ConsumedUnit "Months" has no exact length`},
		"bill of accelerators":   {focusHead + "b,s,Usage,," + day + ",,8,GPU-Hours,i-1,,S\n" + "b,s,Usage,," + day + ",,8,Hours,i-1,,S\n", `ConsumedUnit "GPU-Hours" counts accelerators`},
		"bill negative period":   {focusHead + "b,s,Usage,,2026-08-23T00:00:00Z,2026-08-22T00:00:00Z,,8,Hours,i-1,,S\n" + "b,s,Usage,," + day + ",,8,Hours,i-1,,S\n", "a negative time holds nothing"},
		"bill quantity":          {focusHead + "b,s,Usage,," + day + ",,NaN,Hours,i-1,,S\n" + "b,s,Usage,," + day + ",,8,Hours,i-1,,S\n", "ConsumedQuantity"},
		"bill bare quote":        {focusHead + "b,s\"x,Usage\n" + "b,s,Usage,," + day + ",,8,Hours,i-1,,S\n", "left out"},
		"opencost null":          {strings.Replace(openCost, `"gpuHours":0.00000`, `"gpuHours":null,"gpuCount":8`, 1), "gpuHours is missing or null"},
		"opencost summary":       {strings.Replace(openCost, `"gpuHours":0.00000`, `"gpuCost":12`, 1), "gpuHours is missing or null"},
		"opencost negative":      {strings.Replace(openCost, `"gpuHours":0.00000`, `"gpuHours":-1`, 1), "gpuHours"},
		"opencost backwards":     {strings.Replace(strings.Replace(openCost, `"gpuHours":0.00000`, `"gpuHours":1`, 1), `"web"},"start":"2026-08-22`, `"web"},"start":"2026-08-24`, 1), "a negative time"},
		"dcgm running":           {strings.Replace(dcgmJob, "Sat Aug 22 10:20:10 2026", "Still Running           ", 1), "still running"},
		"dcgm summary":           {"Successfully retrieved statistics for job: 5.\n| Summary   |\n" + dcgmJob, "does not say how many GPUs"},
		"dcgm time":              {strings.Replace(dcgmJob, "Sat Aug 22 10:11:40 2026", "<<<NOT_FOUND>>>         ", 1), "Start Time"},
	} {
		_, uses, findings, err := read(t, v[0])
		if err != nil || len(uses) == 0 || len(findings) == 0 || !strings.Contains(fmt.Sprint(findings), v[1]) {
			t.Errorf("%s: %d uses, %v, %v; want a finding with %q", name, len(uses), findings, err, v[1])
		}
	}
}

// TestManySteps: A17. Of a file that is in another order than sacct's only so many
// steps are remembered; that one was not is said, whatever rows come later.
func TestManySteps(t *testing.T) {
	row := func(id string) string {
		return id + "|" + id + "|a|X|2026-08-22T00:00:00|2026-08-22T01:00:00|3600|gres/gpu=1|n1\n"
	}
	for _, c := range []struct {
		jobs   int
		orphan string
		want   string
	}{{maxAlone - 1, "", "job-steps"}, {maxAlone, "", "job-steps"}, {maxAlone, "orphan.0", "row-unread job-steps"}, {maxAlone - 1, "orphan.0", "row-unread job-steps"}} {
		var text strings.Builder
		text.WriteString(slurmHead)
		for i := range c.jobs {
			text.WriteString(row(fmt.Sprintf("%d.0", i+1)))
		}
		if c.orphan != "" {
			text.WriteString(row(c.orphan))
		}
		for i := range c.jobs {
			text.WriteString(row(fmt.Sprint(i + 1)))
		}
		_, uses, findings, err := read(t, text.String())
		if err != nil || len(uses) != c.jobs || codes(findings) != c.want {
			t.Errorf("%d jobs, then %q: %d uses, %v %v; want %s", c.jobs, c.orphan, len(uses), findings, err, c.want)
		}
	}
}

// TestBillUnits: A18. A unit that is not understood never becomes "no time".
func TestBillUnits(t *testing.T) {
	for want, units := range map[string][]string{
		"3600":      {"Hours", "Hour", "1 Hour", "1/Hour", "Hrs", "h", "Instance-Hours", "Instance Hours", "InstanceHours", "VM-Hours", "NodeHrs", "Hours per Instance"},
		"60":        {"Minutes", "VM-Minutes"},
		"86400":     {"Days", "Server-Days"},
		"no time":   {"GB-Hours", "GB-Months", "GiB Hour", "1 GB/Month", "100 GB/Month", "GiBy.h", "GiBy.mo", "byte-seconds", "vCPU-Hours", "Core-Hours", "OCPU Per Hour", "Gigabyte Storage Capacity Per Month", "IOPS-Mo", "LCU-Hrs", "MiBps-Mo", "Lambda-GB-Second", "User-Months", "100 RU/s", "Requests", "10K", "10K Requests/Month", "GB", "Count", "kWh"},
		"GPU":       {"GPU-Hours", "GPU Hours", "GPU Hour", "GPUHours", "gpu-h", "GPU Per Hour", "GPUs", "Accelerator Hours", "Accelerator-Hours", "TPU v5e Chip-Hours", "NPU.h", "GPU GB-Hours", "Neuroncore-Hours", "Chip-Months"},
		"not known": {"", "H100-Hours", "H100 Hours", "H100 80 GB Hours", "A3-Ultra-Hours", "Endpoint-Hours", "WorkerHrs", "Capacity-Hours", "Capacity Unit Hours", "Cluster-Hours", "vCPU-Instance-Hours", "Milliseconds", "100 Hours", "1,000 Hours", "10 Instance Hours"},
		"no exact":  {"Months", "1 Month", "1/Month", "Hours/Month", "Instance-Months", "Instance-Hours/Month", "Hourly"},
	} {
		for _, unit := range units {
			seconds, err := focusUnit(unit)
			got := fmt.Sprint(seconds)
			switch {
			case err != nil && (want == "not known" || want == "no exact"):
				got = err.Error()
			case err != nil && want == "GPU" && strings.Contains(err.Error(), "counts accelerators"):
				continue
			case err != nil:
				got = err.Error()
			case seconds == 0:
				got = "no time"
			}
			if want != got && (err == nil || !strings.Contains(got, want)) {
				t.Errorf("%q: %s, want %s", unit, got, want)
			}
		}
	}
	for _, category := range []string{"usage", "", "Consumption"} {
		text := focusHead + "b,s," + category + ",," + day + ",,240000,Hours,i-1,,S\n"
		if _, _, findings, err := read(t, text); err != nil || codes(findings) != "row-unread" {
			t.Errorf("ChargeCategory %q: %v %v, want a row-unread", category, findings, err)
		}
	}
}

// TestZone: sacct prints the cluster's local time; the hour that comes twice in
// autumn does not make a job negative, because Elapsed was measured.
func TestZone(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Zurich")
	if err != nil {
		t.Fatal(err)
	}
	text := slurmHead + "2|2|a|X|2026-10-25T02:50:00|2026-10-25T02:10:00|1200|gres/gpu=1|n1\n"
	var got Use
	_, findings, err := Read(strings.NewReader(text), ReadOptions{Name: "f", Zone: zone}, func(u Use) error { got = u; return nil })
	if err != nil || len(findings) > 0 || got.Held.Hours() != "0.333333" || got.End-got.Start != int64(1200*time.Second) {
		t.Errorf("%+v %v %v", got, findings, err)
	}
}

// TestHostlist: Slurm's short form of many nodes.
func TestHostlist(t *testing.T) {
	for text, want := range map[string]string{
		"": "[]", "None assigned": "[]", "n1": "[n1]", "a,b[1-3],c": "[a b1 b2 b3 c]", "gpu[08-10,2]": "[gpu08 gpu09 gpu10 gpu2]", "r[1-2]n[1-2]": "[r1n1 r1n2 r2n1 r2n2]",
	} {
		if got, err := hostlist(text); err != nil || fmt.Sprint(got) != want {
			t.Errorf("%s: %v %v", text, got, err)
		}
	}
	for _, text := range []string{"n[1-", "n[3-1]", "n[a-b]", "n[1-30000]", "r[1-1000]n[1-1000]"} {
		if got, err := hostlist(text); err == nil {
			t.Errorf("%s: %d nodes", text, len(got))
		}
	}
}

// TestChips: whole names of the catalogue in our own form, a driver's name as a
// node's label in OpenCost, and nothing at all for words of a site.
func TestChips(t *testing.T) {
	catalogue, err := provenance.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	chips, err := NewChips(catalogue, "NVIDIA A2")
	if err != nil {
		t.Fatal(err)
	}
	if err := chips.Declare(strings.NewReader("name,product,chips,source\np5.48xlarge,NVIDIA H100 SXM5 80GB,8,doc\nm5.large,,0,doc\ngcd,AMD Instinct MI250X,0.5,site\n"), "c"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		kind  Kind
		names string
		want  string
	}{
		{Plain, "H200", "NVIDIA H200 SXM 141GB 1000 true"}, {Plain, "H20 0", "H20 0 1000 false"}, {Plain, "AMD Instinct MI250X", "AMD Instinct MI250X 1000 true"},
		{OpenCost, "NVIDIA-H100-80GB-HBM3", "NVIDIA H100 SXM5 80GB 1000 true"}, {OpenCost, "AMD Instinct MI250X", "AMD Instinct MI250X 500 true"},
		{Slurm, "h200", "h200 1000 false"}, {Slurm, "a2", "a2 1000 false"}, {Slurm, "GCD", "AMD Instinct MI250X 500 true"}, {Slurm, "", "NVIDIA A2 1000 true"},
		{FOCUS, "P5.48xlarge", "NVIDIA H100 SXM5 80GB 8000 true"}, {FOCUS, "m5.large", " 0 true"}, {FOCUS, "H200", "H200 1000 false"},
	} {
		u := Use{Kind: c.kind}
		if c.names != "" {
			u.Names = []string{c.names}
		}
		product, perUnit, known := chips.Resolve(u)
		if got := fmt.Sprint(product, " ", perUnit, " ", known); got != c.want {
			t.Errorf("%s %q: %s, want %s", c.kind, c.names, got, c.want)
		}
	}
	for name, v := range map[string][2]string{
		"unknown product": {"x,H1,1,s", "no accelerator is called"}, "no source": {"x,H200,1,", "source is empty"}, "chips of nothing": {"x,,1,s", "expected both"},
		"product of none": {"x,H200,0,s", "expected both"}, "no name": {",H200,1,s", "name is empty"}, "twice": {"x,H200,1,s\nX,H200,2,s", "a second time"}, "negative": {"x,H200,-1,s", "chips: number"},
	} {
		fresh, err := NewChips(catalogue, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := fresh.Declare(strings.NewReader("name,product,chips,source\n"+v[0]+"\n"), "c"); err == nil || !strings.Contains(err.Error(), v[1]) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
