package probe

import (
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
)

// signed wraps a content as PKCS #7 SignedData (RFC 2315, 9.1) with no
// certificates and one signer that nobody verifies.
func signed(t testing.TB, content string) []byte {
	t.Helper()
	marshal := func(v any, params string) []byte {
		der, err := asn1.MarshalWithParams(v, params)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	data, signedData := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	type info struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue
	}
	explicit := func(der []byte) asn1.RawValue {
		return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: der}
	}
	inner := marshal(struct {
		Version    int
		Algorithms []asn1.ObjectIdentifier `asn1:"set"`
		Content    info
		Signers    []int `asn1:"set"`
	}{1, []asn1.ObjectIdentifier{data}, info{data, explicit(marshal([]byte(content), ""))}, []int{1}}, "")
	return marshal(info{signedData, explicit(inner)}, "")
}

func token(payload string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"RS256"}`)) + "." + encode([]byte(payload)) + "." + encode([]byte("signature"))
}

const (
	awsText   = `{"accountId":"123456789012","instanceId":"i-0abc","instanceType":"p5.48xlarge","region":"us-east-1","pendingTime":"2026-11-24T06:00:00Z"}`
	azureText = `{"licenseType":"","nonce":"20261124","sku":"20_04-lts","subscriptionId":"8d10da13","timeStamp":{"createdOn":"11/24/26 06:00:00 -0000","expiresOn":"11/24/26 12:00:00 -0000"},"vmId":"02aab8a4"}`
	gcpText   = `{"aud":"weighbridge","iss":"https://accounts.google.com","google":{"compute_engine":{"instance_id":"152986662232938449","instance_name":"a3-1","project_id":"p","zone":"us-central1-a"}}}`
)

func TestIdentityDocuments(t *testing.T) {
	base := base64.StdEncoding.EncodeToString
	envelope, err := json.Marshal(map[string]string{"encoding": "pkcs7", "signature": base(signed(t, azureText))})
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]struct {
		document, provider, field, value string
		signed                           bool
	}{
		"AWS":                  {awsText, "aws", "instanceType", "p5.48xlarge", false},
		"AWS, signed":          {base(signed(t, awsText)) + "\n", "aws", "instanceId", "i-0abc", true},
		"AWS, signed, as PEM":  {string(pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: signed(t, awsText)})), "aws", "region", "us-east-1", true},
		"Azure":                {string(envelope), "azure", "timeStamp.expiresOn", "11/24/26 12:00:00 -0000", true},
		"Google":               {token(gcpText), "google", "google.compute_engine.instance_id", "152986662232938449", true},
		"Google, number as id": {token(strings.Replace(gcpText, `"152986662232938449"`, "152986662232938449", 1)), "google", "google.compute_engine.instance_id", "152986662232938449", true},
	} {
		id, err := ParseIdentity([]byte(v.document))
		if err != nil || id.Provider != v.provider || id.Signed != v.signed || !strings.HasPrefix(id.Digest, "sha256:") {
			t.Errorf("%s: %+v, %v", name, id, err)
		}
		found := ""
		for _, f := range id.Fields {
			if f.Name == v.field {
				found = f.Value
			}
		}
		if found != v.value {
			t.Errorf("%s: %s is %q, expected %q", name, v.field, found, v.value)
		}
	}
}

func TestIdentityRefused(t *testing.T) {
	base := base64.StdEncoding.EncodeToString
	for name, document := range map[string]string{
		"empty": "", "text": "hello world", "HTML": "<html>", "an empty object": "{}", "a list": "[1]", "no account": `{"instanceId":"i-1"}`,
		"another encoding": `{"encoding":"cms","signature":"AAAA"}`, "no base64": `{"encoding":"pkcs7","signature":"*"}`, "no DER": base([]byte("no DER at all")),
		"signed nonsense": base(signed(t, "nonsense")), "a token of somebody else": token(`{"iss":"x"}`), "a token of nonsense": "a.b.c",
		"a token of no algorithm":     base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + strings.TrimPrefix(token(gcpText), strings.Split(token(gcpText), ".")[0]),
		"a token without a signature": strings.TrimSuffix(token(gcpText), strings.Split(token(gcpText), ".")[2]),
		"numbers for texts":           `{"accountId":{},"instanceId":[]}`, "too long": strings.Repeat(" ", MaxIdentity+1),
	} {
		if id, err := ParseIdentity([]byte(document)); err == nil {
			t.Errorf("%s: read as %+v", name, id)
		}
	}
}

func FuzzIdentity(f *testing.F) {
	f.Add([]byte(awsText))
	f.Add([]byte(token(gcpText)))
	f.Add([]byte(base64.StdEncoding.EncodeToString(signed(f, azureText))))
	f.Fuzz(func(t *testing.T, document []byte) {
		id, err := ParseIdentity(document)
		if err != nil {
			return
		}
		for _, field := range id.Fields {
			if strings.ContainsAny(field.Value, "\x1b\n\x00") {
				t.Errorf("a control character came through: %q", field.Value)
			}
		}
	})
}
