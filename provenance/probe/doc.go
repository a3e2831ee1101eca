// Package probe reads which accelerators, processor and memory a Linux host has,
// from the files of /sys and /proc alone, through an [fs.FS] rooted at /.
//
// A host is never trusted to be in order. A file that is missing, unreadable or
// absurd becomes a finding and the rest is read on; no accelerator is a normal
// answer. What cannot be told from these files is not guessed: a device that the
// catalogue does not have, or whose id stands for several products, has no class
// beyond what all of them share.
//
// Every accelerator of the machine is listed, whether or not a job holds it.
// NVML, MIG slices, visible devices and device cgroups are not read; the
// inventory says so in its findings.
package probe
