// Package quota does the TPP arithmetic of the Framework for Artificial
// Intelligence Diffusion for the chips themselves: who may receive how much
// hardware under which authority, by date, and how much room is left
// (15 CFR 740.27, 740.29, 742.6(b)(10)(iii), 748.15, Supp. 10 to Part 748).
//
// The limits are data of the rule pack us-4e091 (limits.yaml); what is code is
// whose quantities are added up. Three promises:
//
//   - Exact: TPP are rational numbers; a limit is compared as the text compares,
//     and where the text has no word of comparison exactly that amount is
//     undetermined.
//   - What cannot be weighed (a product nobody knows, a headquarters that is not
//     stated) leaves the verdict undetermined and is named; it is never zero.
//   - What does not count is said, line by line, with the reason.
//
// It is pure, and no legal advice. SPEC.md documents the document and the rows.
package quota
