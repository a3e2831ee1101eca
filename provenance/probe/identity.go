package probe

import (
	"bytes"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// MaxIdentity bounds a cloud's identity document.
const MaxIdentity = 256 << 10

// Identity is a cloud's document on an instance. Its signature is not verified:
// the fields are what the document declares.
type Identity struct {
	Provider string  `json:"provider"` // aws, google or azure
	Form     string  `json:"form"`     // how it came: JSON, PKCS #7, or JSON Web Token
	Signed   bool    `json:"signed"`   // a signature is in the document itself; nobody has verified it
	Digest   string  `json:"digest"`   // sha256 of the file as it stands
	Fields   []Field `json:"fields"`   // in the order of the names
}

// Field is one field of an identity document, as it declares it.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// ParseIdentity reads an AWS instance identity document (JSON, or the signed PKCS
// #7 form of it), a Google Compute Engine identity token, or Azure's attested
// data. An error says that it is none of them.
func ParseIdentity(data []byte) (Identity, error) {
	if len(data) > MaxIdentity {
		return Identity{}, fmt.Errorf("identity document: more than %d bytes", MaxIdentity)
	}
	id, err := parseIdentity(bytes.TrimSpace(data))
	if err != nil {
		return Identity{}, fmt.Errorf("identity document: %w; expected an AWS instance identity document, a Google identity token or Azure's attested data", err)
	}
	sum := sha256.Sum256(data)
	id.Digest = "sha256:" + hex.EncodeToString(sum[:])
	return id, nil
}

func parseIdentity(data []byte) (Identity, error) {
	if bytes.HasPrefix(data, []byte("{")) {
		return identityJSON(data)
	}
	if parts := bytes.Split(data, []byte(".")); len(parts) == 3 {
		return signedToken(parts)
	}
	content, err := signedContent(data)
	if err != nil {
		return Identity{}, err
	}
	return signedJSON(content)
}

// identityJSON is AWS's document, or Azure's envelope {encoding, signature}.
func identityJSON(data []byte) (Identity, error) {
	var envelope struct {
		Encoding  string `json:"encoding"`
		Signature string `json:"signature"`
	}
	if err := json.Unmarshal(data, &envelope); err != nil {
		return Identity{}, err
	}
	if envelope.Encoding != "" {
		if envelope.Encoding != "pkcs7" {
			return Identity{}, fmt.Errorf("encoding %.40q: expected pkcs7", envelope.Encoding)
		}
		content, err := signedContent([]byte(envelope.Signature))
		if err != nil {
			return Identity{}, err
		}
		return signedJSON(content)
	}
	return awsDocument(data, "JSON", false)
}

func signedJSON(content []byte) (Identity, error) {
	if id, err := awsDocument(content, "PKCS #7", true); err == nil {
		return id, nil
	}
	fields, err := pickFields(content, "vmId", "subscriptionId", "sku", "licenseType", "nonce", "timeStamp.createdOn", "timeStamp.expiresOn")
	if err == nil && !has(fields, "vmId") {
		err = errors.New("the signed content names neither instanceId nor vmId")
	}
	return Identity{Provider: "azure", Form: "PKCS #7", Signed: true, Fields: fields}, err
}

func awsDocument(data []byte, form string, signed bool) (Identity, error) {
	fields, err := pickFields(data, "accountId", "instanceId", "instanceType", "region", "availabilityZone", "imageId", "architecture", "pendingTime")
	if err == nil && (!has(fields, "instanceId") || !has(fields, "accountId")) {
		err = errors.New("it has no instanceId and accountId")
	}
	return Identity{Provider: "aws", Form: form, Signed: signed, Fields: fields}, err
}

// signedToken reads a JSON Web Token (RFC 7515, compact serialization). One without a
// signature (RFC 7518, section 3.6) is nobody's word.
func signedToken(parts [][]byte) (Identity, error) {
	var header struct {
		Algorithm string `json:"alg"`
	}
	text, err := base64.RawURLEncoding.DecodeString(string(parts[0]))
	if err == nil {
		err = json.Unmarshal(text, &header)
	}
	payload, errPayload := base64.RawURLEncoding.DecodeString(string(parts[1]))
	switch {
	case err != nil || errPayload != nil:
		return Identity{}, fmt.Errorf("token: %w", errors.Join(err, errPayload))
	case header.Algorithm == "" || strings.EqualFold(header.Algorithm, "none") || len(parts[2]) == 0:
		return Identity{}, fmt.Errorf("token: it is not signed (alg %.20q)", header.Algorithm)
	}
	return googleToken(payload)
}

func googleToken(payload []byte) (Identity, error) {
	const engine = "google.compute_engine."
	fields, err := pickFields(payload, "iss", "aud", engine+"project_id", engine+"zone", engine+"instance_id", engine+"instance_name")
	if err == nil && !has(fields, engine+"instance_id") {
		err = errors.New("the token has no google.compute_engine.instance_id")
	}
	return Identity{Provider: "google", Form: "JSON Web Token", Signed: true, Fields: fields}, err
}

func has(fields []Field, name string) bool {
	return slices.ContainsFunc(fields, func(f Field) bool { return f.Name == name })
}

// pickFields takes the named texts of a JSON object; a dot goes one level down.
func pickFields(data []byte, names ...string) ([]Field, error) {
	var root map[string]any
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&root); err != nil {
		return nil, err
	}
	var fields []Field
	for _, name := range names {
		var value any = lookUp(root, name)
		switch v := value.(type) {
		case string:
			fields = append(fields, Field{name, printable(v, 256)})
		case json.Number:
			fields = append(fields, Field{name, printable(v.String(), 64)})
		}
	}
	slices.SortFunc(fields, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	return fields, nil
}

// lookUp finds a name with dots: Google's claim "google" holds "compute_engine",
// and a name may hold a dot itself.
func lookUp(object map[string]any, name string) any {
	if value, ok := object[name]; ok {
		return value
	}
	for i := range len(name) {
		if name[i] != '.' {
			continue
		}
		if inner, ok := object[name[:i]].(map[string]any); ok {
			return lookUp(inner, name[i+1:])
		}
	}
	return nil
}

// signedContent takes the content out of a PKCS #7 SignedData (RFC 2315, 9.1), in
// base64 with or without PEM's lines. Nothing is verified.
func signedContent(text []byte) ([]byte, error) {
	der := []byte(nil)
	if block, _ := pem.Decode(text); block != nil {
		der = block.Bytes
	} else {
		compact := strings.Map(func(r rune) rune {
			if r == '\n' || r == '\r' || r == ' ' {
				return -1
			}
			return r
		}, string(text))
		var err error
		if der, err = base64.StdEncoding.DecodeString(compact); err != nil {
			return nil, errors.New("neither JSON nor base64")
		}
	}
	// ContentInfo{type, [0] SignedData{version, algorithms, ContentInfo{type, [0] OCTET STRING}, ...}}
	value, err := inside(der, 0)
	for _, at := range []int{1, 0, 2, 1, 0} {
		if err == nil {
			value, err = inside(value.Bytes, at)
		}
	}
	if err == nil && (value.Class != asn1.ClassUniversal || value.Tag != asn1.TagOctetString || value.IsCompound) {
		err = errors.New("its content is no octet string")
	}
	if err != nil {
		return nil, fmt.Errorf("PKCS #7: %w", err)
	}
	return value.Bytes, nil
}

// inside returns the element at an index of a row of DER elements.
func inside(der []byte, at int) (value asn1.RawValue, err error) {
	for range at + 1 {
		if der, err = asn1.Unmarshal(der, &value); err != nil {
			return value, err
		}
	}
	return value, nil
}
