package main

import (
	"runtime"

	"github.com/spf13/cobra"
)

// version is the release that this source is.
const version = "0.1.0"

type versionResult struct {
	Schema   string `json:"schema"`
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"` // of the source; with +changes where it was not all committed
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version of this program and what it was built from",
		Example: "  weighbridge version --json",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return a.printVersion() },
	}
}

func (a *app) printVersion() error {
	result := a.versionResult()
	if a.json {
		return a.printJSON(result)
	}
	a.printf("weighbridge %s %s %s\nrevision %s\n", result.Version, result.Go, result.Platform, orUnknown(result.Revision))
	return nil
}

func (a *app) versionResult() versionResult {
	result := versionResult{
		Schema: "weighbridge.dev/version/v1", Version: version,
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
	info, ok := a.env.build()
	if !ok {
		return result
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	result.Revision = settings["vcs.revision"]
	if result.Revision != "" && settings["vcs.modified"] == "true" {
		result.Revision += "+changes"
	}
	return result
}
