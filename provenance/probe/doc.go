// Package probe reads which accelerators, processor, memory and container a Linux
// host has, and which of the accelerators are a job's. It reads the files of
// /sys, /proc and the names in /dev through an [fs.FS] rooted at /, and joins to
// them what NVIDIA's software says ([Report]: its library, package nvml, or the
// document of nvidia-smi, [ParseSMI]).
//
// A host is never trusted to be in order. A file that is missing, unreadable or
// absurd becomes a finding and the rest is read on; no accelerator, and none of
// NVIDIA's software, are normal answers. What cannot be told is not guessed: a
// device that the catalogue does not have, or whose id stands for several
// products, has no class beyond what all of them share.
//
// Every accelerator of the machine is listed. Those that something keeps from
// the job are marked with what does: first what the kernel keeps (device nodes,
// device control groups, what a driver does not show), then the variables that
// choose devices, which bind only who obeys them. The UUID is the device: the
// same one met on two ranks, nodes or runs is one device.
package probe
