// Command weighbridge weighs AI model weights before they cross a border: it
// meters the operations that went into them, records the hardware, decides
// under dated and cited rules whether they are controlled, and ships signed
// attestations with them.
//
// The command is the shell around pure packages. Everything that touches the
// world (clock, standard streams, environment, host files, child processes)
// enters here, in [hostEnvironment], and is passed on as a value.
package main

import (
	"context"
	"os"
)

func main() { os.Exit(run(context.Background(), hostEnvironment())) }
