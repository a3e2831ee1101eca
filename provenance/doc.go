// Package provenance says on what hardware work was done: the catalogue of
// accelerators and their class under ECCN 3A090 of the US Commerce Control List
// (15 CFR Part 774, Supp. 1).
//
// The catalogue is data ([Embedded]; format in SPEC.md): rates, die area and
// names of products, with sources and a confidence. A class is never stored. It
// is computed by [Classify] from the figures, exactly, and comes with its
// reasons, each citing its paragraph, with the named readings under which it
// would be another one, and with the die areas at which it would turn.
//
// Three promises hold for everything here:
//
//   - A figure is a [Number], an exact rational that may be unknown. Nothing
//     passes through a floating-point number: an A10's performance density is
//     0.5 % under a threshold.
//   - Names match whole ([Catalogue.Find]): "H20" is not "H200", and a name or
//     an id that stands for several products is an error that lists them.
//   - What is not known stays unknown. An unknown product has no figures, an
//     unknown die area gives no density, and the class is then undetermined.
//
// The answer is about 3A090.a and 3A090.b alone, and no legal advice. The
// package is pure; provenance/probe reads a host.
package provenance
