package verify

import (
	"encoding/json"

	"github.com/weighbridge/weighbridge/attest"
)

// ResultSchema names the JSON form of a [Result].
const ResultSchema = "weighbridge.dev/verify/v1"

// Result is the outcome of a verification. Only what a named key has signed, or
// what was computed here, stands in it as a fact.
type Result struct {
	Schema     string      `json:"schema"`
	OK         bool        `json:"ok"`       // no problem at all
	Signer     string      `json:"signer"`   // id of the key (or identity) that signed the statements accepted; several are joined by a comma; "" when none was
	Subjects   []Subject   `json:"subjects"` // what was found here and compared with the statements
	Statements []Statement `json:"statements"`
	NotChecked []string    `json:"not_checked"` // what this result does not show
	Problems   []Problem   `json:"problems"`

	Signers   []SignedBy `json:"signers"`           // who signed which of the statements accepted
	Assurance Assurance  `json:"assurance"`         // computed here, never read from what arrived
	Partial   *Partial   `json:"partial,omitempty"` // some of the files only; absent when all of them were checked

	// Verified holds the statements accepted, for further use: a signature of a
	// named key, these weights, no problem with them.
	Verified []attest.Statement `json:"-"`
	// Bundles are all that were looked at, believed or not.
	Bundles [][]byte `json:"-"`
}

// Subject is a digest computed from what arrived.
type Subject struct {
	Name   string `json:"name"` // oms-root, oms-component-root, oci-manifest or names
	Digest string `json:"digest"`
}

// Statement is the outcome for one statement that a named key has signed.
type Statement struct {
	PredicateType string   `json:"predicate_type"`
	OK            bool     `json:"ok"`
	Recomputed    bool     `json:"recomputed"` // what it concludes was computed again here, with the same outcome
	Understood    bool     `json:"understood"` // a predicate of ours; false: only signature and subjects were checked
	Signer        string   `json:"signer"`     // id of the key
	Signers       []string `json:"signers"`    // ids of all keys of the policy that signed this very statement, Signer among them
	Model         string   `json:"model,omitempty"`
	CreatedAt     string   `json:"created_at,omitempty"`  // RFC 3339, the signer's word
	LedgerSize    uint64   `json:"ledger_size,omitempty"` // entries of the model's logs together when it was made; absent where none is named

	// Timestamps are the times that others vouch for, of all its signatures: it was
	// signed then, or before. Absent where none was verified.
	Timestamps []Timestamp `json:"timestamps,omitempty"`

	// Rules says under whose rules a determination was recomputed: RulesEmbedded,
	// RulesAccepted or RulesSigner, with which it is not OK. Empty for others.
	Rules string `json:"rules,omitempty"`
	// Verdicts are, for rules that came with a determination, what they say and
	// what this build's own rules say of the same facts.
	Verdicts []attest.Verdict `json:"verdicts,omitempty"`

	// Predicate is what the statement says, as it was signed. Empty unless OK.
	Predicate json.RawMessage `json:"predicate,omitempty"`
	// Payload is the whole statement to the byte, for who signs it too. Nil unless OK.
	Payload []byte `json:"-"`

	// Of a statement that hides figures: their paths; the predicate with what was
	// disclosed in its place; and the thresholds that were shown and answered. A
	// hidden figure is unknown, never zero.
	Hidden     []string        `json:"hidden,omitempty"`
	Disclosed  json.RawMessage `json:"disclosed,omitempty"`
	Thresholds map[string]bool `json:"thresholds,omitempty"`
}

// Under whose rules a determination was recomputed.
const (
	RulesEmbedded = attest.RulesEmbedded // this build's
	RulesAccepted = "accepted"           // the signer's, which the policy accepts by digest
	RulesSigner   = "signer"             // the signer's, which nobody here accepted
)

// Problem is one reason why verification failed.
type Problem struct {
	Code    string `json:"code"`    // a stable word, listed below
	Message string `json:"message"` // what was found and what was expected
	Hint    string `json:"hint"`    // the next step
}

// The codes of problems. attest/SPEC.md explains each.
const (
	CodeNoAttestation     = "no-attestation"
	CodeTooManyBundles    = "too-many-bundles"
	CodeBundle            = "bundle"             // not a bundle that can be read
	CodeSignatureCount    = "signature-count"    // other than one
	CodeNotKeySigned      = "not-key-signed"     // signed with a certificate, and the policy names no identity
	CodeIdentity          = "identity"           // a certificate of an identity of the policy that does not hold
	CodeLedgerProof       = "ledger-proof"       // of another log, of other entries, or not signed as it says
	CodeRevoked           = "revoked"            // by a signer that is revoked, and not shown to be from before
	CodeTimestamp         = "timestamp"          // a timestamp that does not hold, or none where one is asked for
	CodePayloadType       = "payload-type"       // no in-toto statement
	CodeBadSignature      = "bad-signature"      // names a key of the policy, which did not sign these bytes
	CodeUnknownSigner     = "unknown-signer"     // no key of the policy signed it
	CodeStatement         = "statement"          // signed, but breaks SPEC.md
	CodePredicateVersion  = "predicate-version"  // of ours, but not known to this build
	CodeOtherWeights      = "other-weights"      // another OMS root digest
	CodeOtherManifest     = "other-manifest"     // another OCI manifest digest
	CodeNames             = "names"              // the root agrees, the names do not
	CodeMissingStatement  = "missing-statement"  // a required type is not there
	CodeSeveralStatements = "several-statements" // two that say different things
	CodeModels            = "models"             // statements name different models
	CodeRecomputation     = "recomputation"      // the determination does not follow from its facts
	CodeNotRecomputed     = "not-recomputed"     // the determination cannot be recomputed here, so it is not believed
	CodeFacts             = "facts"              // the facts contradict the attested compute or hardware
	CodeModelDiffers      = "model-differs"      // about another model than was asked for
	CodeTooOld            = "too-old"            // made before the time that the policy names
	CodeLedgerSize        = "ledger-size"        // made of a shorter log than the policy asks for
	CodeDisclosure        = "disclosure"         // a disclosure that does not belong to what was signed
	CodeMissingSigner     = "missing-signer"     // fewer of the signers that the policy names than it asks for
	CodeLevel             = "level"              // a lower level of assurance than the policy asks for
	CodePartial           = "partial"            // what is at hand cannot be checked in part
)
