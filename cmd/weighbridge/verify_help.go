package main

// verifyHelp is the text of verify's help.
func verifyHelp() string {
	return `Verify reads an OCI image layout with attestations, the same in one archive or in a registry, or a plain directory
of weights with a claims file, and checks it against the public keys that you name: the bytes against the digests, the names against the names, each
signature, each statement's subjects, that the required statements are there, and that an included determination
follows from its own facts and rules, and those facts from the statements beside it. What was not checked is listed. Nothing is taken from the network, unless a
registry is named: then signatures and names come first, and the weights, which are hashed as they arrive and not
kept (or, with --out, kept in a layout), only if those hold.

With --unpack the files of a shipment are written under their names into a directory that must not exist yet, when
everything verified and not before: clones of what is in the shipment where the file system can, else copies, hashed
as they are written. After a refusal, also where a policy only warns, and after an interruption it does not exist; a
kill leaves at most DIR.partial-..., which nothing reads and you may remove.

With --signature a plain directory is checked against an OpenSSF Model Signing signature, which says who signed which
files, and nothing of how they were made.

A name or a tag is signed by nobody: --model says which model it must be. An older attestation of the same weights
verifies like the newest: --not-before and --min-ledger-size refuse it. A determination under rules that came with it
is shown beside what this program's own rules say, and is believed only with --accept-rules and their digest, or with --rules and a directory that holds the same.

With --policy a file says which signers are trusted for which models, and what must be there; what no rule of it matches
is refused. With --facts the attested compute is evaluated under facts of your own, which may add what was not attested and
never overwrite it. With --partial or --file the files at hand are checked against the signed list, and the result says
that it is partial: ok then speaks of those files alone. With --parent the shipment of a model that these weights came from is verified too, and what the
two say of the lineage is compared. Levels of assurance are computed here, never read.

With --identity and --issuer somebody may sign without a key: the certificate, its log entry and a time within its few
minutes are verified under --trusted-root, offline. Timestamps (RFC 3161) are verified under the same file or
--timestamp-certificate, and shown; --require-timestamp refuses signatures without. With --certificate-root FILE your
own certificate authority says who it is: the certificate names the --identity (e-mail address, URI, DNS name or
subject) and leads to that root, at the time of its timestamp, or else now.

With --meter-key and --witness-policy a proof of the ledger that came along is verified: the entries that it shows give the
heads that the meter signed and witnesses outside the lab cosigned, and the totals follow from them. With all of that the
quantity is metered, else the report says what is wanting. With --epochs the meter's key may have been rotated or revoked
since. In a policy file meter_keys, witness_policy and key_epochs of a rule say the same. A witness sees that a log only
grew, never what is in it.

Statements may hide figures behind digests. --presentation opens those that their holder shows you, under the same
signature; what stays hidden is listed, and counts as unknown, never as zero. Who showed it is not proved: there is no
key binding.

` + exitCodes
}
