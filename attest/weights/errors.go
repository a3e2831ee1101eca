package weights

import "fmt"

// RefusedError says that a path is not a set of weights, or something in it may
// not stand in one. Nothing was hashed.
type RefusedError struct {
	Path  string // as the caller named the set, joined with the name inside it
	Found string // "is a symbolic link to ../x"
	Next  string // what to do about it
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("weights %q: %s: %s", e.Path, e.Found, e.Next)
}

// ChangedError says that a file was not the same before and after it was read, so
// that its digest belongs to no state of it.
type ChangedError struct {
	Path          string
	Before, After string // size and modification time, or which file it was
}

func (e *ChangedError) Error() string {
	return fmt.Sprintf("weights %q: changed while it was read: before %s, after %s: wait until nothing writes to it and start again", e.Path, e.Before, e.After)
}
