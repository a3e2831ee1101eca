package ledger_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"

	"github.com/weighbridge/weighbridge/meter/ledger"
)

// A running total that the last entry does not bear out is neither shown nor
// built upon.
func TestDamagedTotalsAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	fill(t, path, 3)
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		log := tx.Bucket([]byte("logs")).Bucket([]byte("acme/atlas@1"))
		state := bytes.Replace(log.Get([]byte("state")), []byte(`"low":"6"`), []byte(`"low":"5"`), 1)
		return log.Put([]byte("state"), state)
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	l := open(t, path)
	defer l.Close()
	var damage *ledger.DamageError
	if _, _, err := l.Node("acme/atlas@1"); !errors.As(err, &damage) || damage.Code != "model-totals-differ" || damage.Path != path {
		t.Errorf("Node: %v", err)
	}
	if _, err := l.Append(record("another", 0, 1)); !errors.As(err, &damage) {
		t.Errorf("Append: %v", err)
	}
}
