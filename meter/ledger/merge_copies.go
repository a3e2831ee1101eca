package ledger

import (
	"github.com/weighbridge/weighbridge/meter"
)

// copied notes that a record stands in two logs or more.
func (w *writer) copied(r meter.Record, known, here place) error {
	copies, err := w.tx.CreateBucketIfNotExists([]byte(bucketCopies))
	if err == nil {
		copies, err = copies.CreateBucketIfNotExists([]byte(r.Model))
	}
	if err != nil {
		return err
	}
	key := runKey(r.Run, r.Sequence)
	places := decodeCopies(copies.Get(key))
	if len(places) == 0 {
		places = []copyPlace{{known.id, known.index}}
	}
	value, err := encodeCopies(append(places, copyPlace{here.id, here.index}))
	if err != nil {
		return err
	}
	w.touched[r.Model] = true
	return copies.Put(key, value)
}

// settleCopies works out anew what the logs of the models that changed count
// more than once.
func (w *writer) settleCopies() error {
	for model := range w.touched {
		var twice state
		logs := logsOf(w.tx, w.id, model)
		err := forEachCopied(w.tx, model, logs, func(tellings []telling, counts int) error {
			for i, t := range tellings {
				if r := t.net(); i != counts && r != nil {
					if err := twice.add(*r); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := w.putTwice(model, twice); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) putTwice(model meter.ModelRef, twice state) error {
	if copies := w.tx.Bucket([]byte(bucketCopies)); copies == nil || copies.Bucket([]byte(model)) == nil {
		return nil
	}
	bucket, err := w.tx.CreateBucketIfNotExists([]byte(bucketTwice))
	if err != nil {
		return err
	}
	data, err := twice.encode()
	if err != nil {
		return err
	}
	return bucket.Put([]byte(model), data)
}
