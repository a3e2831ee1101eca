package signtest

import (
	"context"
	"crypto"
	"net/http"
	"net/url"

	"github.com/cyberphone/json-canonicalization/go/src/webpki.org/jsoncanonicalizer"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/rekor-tiles/v2/pkg/generated/protobuf"
	rekornote "github.com/sigstore/rekor-tiles/v2/pkg/note"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"google.golang.org/protobuf/encoding/protojson"
)

// enter takes an entry into the log and answers with its inclusion proof.
func (s *Sigstore) enter(_ *http.Request, body []byte) ([]byte, error) {
	var request protobuf.CreateEntryRequest
	if err := protojson.Unmarshal(body, &request); err != nil {
		return nil, err
	}
	wanted := request.GetHashedRekordRequestV002()
	entry := &protobuf.Entry{Kind: "hashedrekord", ApiVersion: "0.0.2", Spec: &protobuf.Spec{Spec: &protobuf.Spec_HashedRekordV002{HashedRekordV002: &protobuf.HashedRekordLogEntryV002{
		Data:      &protocommon.HashOutput{Algorithm: protocommon.HashAlgorithm_SHA2_256, Digest: wanted.GetDigest()},
		Signature: wanted.GetSignature(),
	}}}}
	loose, err := protojson.Marshal(entry)
	if err != nil {
		return nil, err
	}
	canonical, err := jsoncanonicalizer.Transform(loose)
	if err != nil {
		return nil, err
	}
	s.body = append(s.body, canonical)
	root, proof := prove(s.body, len(s.body)-1)
	checkpoint, err := s.checkpoint(root)
	if err != nil {
		return nil, err
	}
	id, err := keyID(s.log)
	if err != nil {
		return nil, err
	}
	index := int64(len(s.body) - 1)
	return protojson.Marshal(&protorekor.TransparencyLogEntry{
		LogIndex: index, LogId: &protocommon.LogId{KeyId: id}, KindVersion: &protorekor.KindVersion{Kind: "hashedrekord", Version: "0.0.2"}, CanonicalizedBody: canonical,
		InclusionProof: &protorekor.InclusionProof{LogIndex: index, TreeSize: index + 1, RootHash: root, Hashes: proof, Checkpoint: &protorekor.Checkpoint{Envelope: checkpoint}},
	})
}

// checkpoint is the signed head of the log; its origin is the log's host.
func (s *Sigstore) checkpoint(root []byte) (string, error) {
	address, err := url.Parse(s.URL)
	if err != nil {
		return "", err
	}
	signer, err := signature.LoadECDSASignerVerifier(s.log, crypto.SHA256)
	if err != nil {
		return "", err
	}
	by, err := rekornote.NewNoteSigner(context.Background(), address.Hostname(), signer)
	if err != nil {
		return "", err
	}
	head := log.Checkpoint{Origin: address.Hostname(), Size: uint64(len(s.body)), Hash: root}
	signed, err := note.Sign(&note.Note{Text: string(head.Marshal())}, by)
	return string(signed), err
}

// prove is the root over leaves and the path of the leaf at (RFC 6962, 2.1.1).
func prove(leaves [][]byte, at int) (root []byte, path [][]byte) {
	if len(leaves) == 1 {
		return rfc6962.DefaultHasher.HashLeaf(leaves[0]), nil
	}
	split := 1
	for split*2 < len(leaves) {
		split *= 2
	}
	if at < split {
		left, path := prove(leaves[:split], at)
		right, _ := prove(leaves[split:], 0)
		return rfc6962.DefaultHasher.HashChildren(left, right), append(path, right)
	}
	left, _ := prove(leaves[:split], 0)
	right, path := prove(leaves[split:], at-split)
	return rfc6962.DefaultHasher.HashChildren(left, right), append(path, left)
}
