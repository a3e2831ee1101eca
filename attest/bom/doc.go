// Package bom writes what is attested of a model as a CycloneDX 1.7 bill of
// materials (an ML-BOM), for tools that read those: the model with its files, its
// ancestors as a pedigree, the hardware as devices, operations as properties.
//
// It is made from the statements as a recipient can read them, so it is silent
// about what they hide: an absent property is not known, never zero.
package bom
