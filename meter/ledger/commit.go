package ledger

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	bolt "go.etcd.io/bbolt"
)

// queue gathers what writers of one process want to write. Who gets the turn
// commits everything that is waiting by then in one transaction: a lone writer
// waits for nobody, and many share the cost of a sync.
type queue struct {
	mutex   sync.Mutex // guards waiting
	waiting []*write
	turn    sync.Mutex
	broken  error // a commit that failed: what the file holds is known only after opening it again
}

// write is one change. Its function may be called again, in another
// transaction, and must do the same each time.
type write struct {
	change func(*writer) error
	done   bool
	err    error
}

// commit runs change in a transaction and returns when it is on disk.
func (l *Ledger) commit(change func(*writer) error) error {
	if l.readOnly {
		return fmt.Errorf("ledger %s is open for reading only; open it for writing", l.path)
	}
	w := &write{change: change}
	l.queue.mutex.Lock()
	l.queue.waiting = append(l.queue.waiting, w)
	l.queue.mutex.Unlock()
	l.queue.turn.Lock()
	defer l.queue.turn.Unlock()
	if !w.done {
		l.queue.mutex.Lock()
		batch := l.queue.waiting
		l.queue.waiting = nil
		l.queue.mutex.Unlock()
		l.run(batch)
	}
	return w.err
}

// run commits a batch. A change that fails is taken out and tried alone: it may
// have failed for what another one in its batch wrote before it.
func (l *Ledger) run(batch []*write) {
	for len(batch) > 0 {
		failed, err := l.transact(batch)
		if failed < 0 {
			settle(batch, err)
			return
		}
		alone := batch[failed : failed+1 : failed+1]
		if len(batch) > 1 {
			_, err = l.transact(alone)
		}
		settle(alone, err)
		batch = slices.Delete(batch, failed, failed+1)
	}
}

func settle(batch []*write, err error) {
	for _, w := range batch {
		w.done, w.err = true, err
	}
}

// transact writes a batch in one transaction. failed is the position of the
// change that refused, or -1; with an error nothing was written.
func (l *Ledger) transact(batch []*write) (failed int, err error) {
	if l.queue.broken != nil {
		return -1, l.queue.broken
	}
	failed = -1
	err = l.guard(func() error {
		return l.db.Update(func(tx *bolt.Tx) error {
			w := newWriter(tx, l.id)
			for i, each := range batch {
				if err := each.change(w); err != nil {
					failed = i
					return err
				}
			}
			return w.flush()
		})
	})
	var damage *DamageError
	switch {
	case errors.As(err, &damage):
		failed, l.queue.broken = -1, err
	case err != nil && failed < 0:
		err = fmt.Errorf("ledger %s: writing: %w; nothing was recorded: see to the disk's space and health, then do the same again", l.path, err)
		l.queue.broken = err
	}
	return failed, err
}

// view runs a reading function in a transaction.
func (l *Ledger) view(read func(*bolt.Tx) error) error {
	return l.guard(func() error { return l.db.View(read) })
}

// guard turns what bbolt does on a damaged page, a panic or a memory fault in
// the mapped file, into an error. The fault handling is this goroutine's only.
func (l *Ledger) guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = errors.Join(err, &DamageError{Path: l.path, Code: "damaged-page", Found: fmt.Sprint(p)})
		}
	}()
	err = f()
	var damage *DamageError
	if errors.As(err, &damage) && damage.Path == "" {
		damage.Path = l.path
	}
	return err
}
