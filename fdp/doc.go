// Package fdp decides whether a model's weights are controlled: it evaluates a
// facts document under dated and cited rules and explains every step.
//
// Rules are data, evaluation is code. A rule pack is a folder of YAML files
// (those under rules are embedded, one per regime): clauses with an append-only id, a citation, one
// plain sentence and a small condition tree; the counting tables, the options
// for ambiguous text, the country groups and the standing by date. What is code
// is arithmetic that a table cannot show: the sum over a lineage with every
// ancestor once, Technical Note 3, the EU's one-third test, and three-valued (Kleene) logic. SPEC.md
// documents both formats field by field.
//
// What the package promises:
//
//   - It is pure: [Evaluate] is a function of rules, catalogue, facts and
//     question. The date is part of the question. The same input gives the same
//     bytes, whatever the order of rules or map keys.
//   - The zero [Verdict] is undetermined. A fact that is not stated never
//     decides; it is named in Missing, with where to get it.
//   - Operations are compared as exact integers, shares as exact decimals.
//   - An option whose text supports no default is evaluated under every reading:
//     where the readings differ, the verdict is undetermined and the option is
//     named.
//   - [Facts.Encode] is the one encoding of a facts document, and [ParseFacts]
//     reads it back. Unknown fields, duplicate keys, aliases, several documents,
//     contradictions and numbers that would lose digits are refused with the
//     line and the column.
//
// It is not legal advice, and says so.
package fdp
