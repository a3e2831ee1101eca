package main

// recordHelp is the text of record's help.
func recordHelp() string {
	return `Record appends one entry to the log of a model. The number of operations is what you state (method declared),
or follows from the model's shape and its tokens (method architecture), or is read from a file that a framework,
a monitor, a scheduler or a provider wrote (--from): its format is found out, its figures are shown under common
names, its bytes are kept as evidence, and the same file twice is recorded once. A log that
grew since it was recorded takes the place of that record with --supersede. What the file lacks is given
with --architecture, --sequence-length, --batch-tokens or --tokens. With --stage it is counted at the stage's true
cost, and each activity of the stage becomes a record of its own; without it an activity that runs a model forward
only (evaluation, rollout, synthetic-data and the like) is counted as that, and preference tuning and reinforcement
learning as their updates, with an upper bound that holds what may have run beside them. Chip-hours alone give a range (method hardware),
as wide as the meaning of the utilisation leaves it; beside another count they are its ceiling, and a count that the
chips could not have done, or that leaves them nearly idle, is a finding. A record is never changed: a wrong one is voided or
superseded with "weighbridge ledger correct".

` + stageHelp + `

` + exitCodes
}
