package trainer

import _ "embed" // the texts

//go:embed corpus/pretraining.txt
var pretraining string

//go:embed corpus/fine-tuning.txt
var fineTuning string

// Pretraining is some 45 kB of prose about weighing, ships, ledgers and borders,
// written for this package.
func Pretraining() string { return pretraining }

// FineTuning is some 15 kB of questions and answers about the same, written for
// this package.
func FineTuning() string { return fineTuning }

// Characters is the vocabulary of both texts, so that a model trained on the one
// can go on with the other.
func Characters() (*Vocabulary, error) { return NewVocabulary(pretraining, fineTuning) }
