package main

// attestHelp is the text of attest's help.
func attestHelp() string {
	return `Attest reads every file of the weights once, states what the ledger knows of the model in in-toto statements about
exactly these bytes, signs them into Sigstore bundles with your key, and writes an OCI image layout: the weights as
raw layers (linked, not copied, where the file system allows it) and the bundles as referrers of the manifest.

Training compute and hardware are stated by default. A determination shows recipients and legal readings; it is
only made when included by name, and can be recomputed by whoever receives it. Its verdict alone, as in-toto's Simple
Verification Result that other tools gate on, is svr: always of today, and only what holds for every recipient.

With --timestamp-authority each signature carries a timestamp of the authority (RFC 3161), so that recipients need not
take your word for when it was made. With --keyless your identity at an identity provider signs instead of a key, by
the servers of a Sigstore that you name; what goes into its log is said first. Nothing else asks a network.

With --disclose the figures stand in the statements as salted digests (RFC 9901), but for the fields named: none, or
of ` + fieldNames() + `.
What they hide is kept in a file beside the shipment, for you alone; weighbridge present shows a recipient some of
it, and the signature stays the same. Models, relations, activities, grades, convention and products are always shown.

With --checkpoints the shipment proves the state of the logs to recipients, by heads that the meter's key signed and
witnesses cosigned ("weighbridge ledger witness"). What a ledger proof shows is disclosed to everybody who gets the
shipment, to the byte, with the names of your hosts, jobs and runs and the authors of corrections: with --entries last the
last entry of each log of the lineage; with --entries all every entry, which the level metered needs. It does not go with --disclose.

With --bom the same is written as a CycloneDX 1.7 bill of materials too, and signed as one (https://cyclonedx.org/bom); what
the statements hide is not in it.

` + exitCodes
}
