package trainer

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// The files of a model's directory.
const (
	configName     = "config.json"
	vocabularyName = "vocab.json"
	weightsName    = "model.safetensors"
)

// Limits of what is read, in bytes; weights are bounded by maxParameters.
const (
	maxConfigFile     = 64 << 10
	maxVocabularyFile = 256 << 10
)

// Write stores the model in a directory as config.json, vocab.json and
// model.safetensors. Each file is written under another name, synced and then
// renamed, the weights last: a directory with model.safetensors is complete. It
// refuses a directory that holds one of the three.
func (m *Model) Write(dir *os.Root) error {
	if err := Vacant(dir.FS()); err != nil {
		return err
	}
	config, err := m.Config.Encode()
	if err != nil {
		return fmt.Errorf("encoding %s: %w", configName, err)
	}
	vocabulary, err := m.Vocabulary.encode()
	if err != nil {
		return fmt.Errorf("encoding %s: %w", vocabularyName, err)
	}
	bytesOf := func(data []byte) func(io.Writer) error {
		return func(w io.Writer) error { _, err := w.Write(data); return err }
	}
	files := []struct {
		name  string
		write func(io.Writer) error
	}{
		{vocabularyName, bytesOf(vocabulary)},
		{configName, bytesOf(config)},
		{weightsName, func(w io.Writer) error { return writeWeights(w, m) }},
	}
	for _, f := range files {
		if err := writeFile(dir, f.name, f.write); err != nil {
			return fmt.Errorf("writing %s: %w", f.name, err)
		}
	}
	return syncDirectory(dir)
}

// Vacant is nil where the directory holds none of a model's files, so that a
// model can be written there: two models never mix.
func Vacant(dir fs.FS) error {
	for _, name := range []string{configName, vocabularyName, weightsName} {
		switch _, err := fs.Stat(dir, name); {
		case err == nil:
			return fmt.Errorf("writing a model: the directory already holds %s; name an empty directory", name)
		case !errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("writing a model: %w", err)
		}
	}
	return nil
}

func writeFile(dir *os.Root, name string, write func(io.Writer) error) (err error) {
	partial := "." + name + "." + rand.Text()[:8] + ".partial"
	defer func() {
		if err != nil {
			dir.Remove(partial)
		}
	}()
	f, err := dir.OpenFile(partial, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if err := errors.Join(write(f), f.Sync(), f.Close()); err != nil {
		return err
	}
	return dir.Rename(partial, name)
}

// syncDirectory makes the renames last.
func syncDirectory(dir *os.Root) error {
	d, err := dir.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Read loads a model that Write stored. It accepts nothing else; the error names
// the file and what is wrong with it.
func Read(dir fs.FS) (*Model, error) {
	m := &Model{}
	steps := []struct {
		name  string
		limit int64
		parse func(io.Reader) error
	}{
		{configName, maxConfigFile, func(r io.Reader) error { return m.readConfig(r) }},
		{vocabularyName, maxVocabularyFile, func(r io.Reader) error { return m.readVocabulary(r) }},
		{weightsName, maxHeader + 4*maxParameters, func(r io.Reader) (err error) { m.flat, err = readWeights(r, m.Config); return err }},
	}
	for _, s := range steps {
		if err := readFile(dir, s.name, s.limit, s.parse); err != nil {
			return nil, fmt.Errorf("reading the model's %s: %w", s.name, err)
		}
	}
	return m, nil
}

func (m *Model) readConfig(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m.Config, err = parseConfig(data)
	return err
}

func (m *Model) readVocabulary(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if m.Vocabulary, err = parseVocabulary(data); err != nil {
		return err
	}
	if m.Vocabulary.Size() != m.Config.Vocabulary {
		return fmt.Errorf("%d characters, expected vocab_size %d of %s", m.Vocabulary.Size(), m.Config.Vocabulary, configName)
	}
	return nil
}

func readFile(dir fs.FS, name string, limit int64, parse func(io.Reader) error) error {
	info, err := fs.Stat(dir, name) // before opening: a named pipe would wait for a writer
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s, expected a regular file", info.Mode().Type())
	case info.Size() > limit:
		return fmt.Errorf("%d bytes, expected at most %d", info.Size(), limit)
	}
	f, err := dir.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return parse(io.LimitReader(f, limit+1))
}
