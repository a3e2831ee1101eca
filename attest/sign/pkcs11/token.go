//go:build cgo

package pkcs11

import (
	"errors"
	"fmt"
	"os"
	"strings"

	api "github.com/miekg/pkcs11"
)

// Open loads the module of u, finds the one token and the one private key that u
// names, and logs in. pin is asked for the token's PIN, once, and only where the
// token wants one and is not locked; warn hears how few tries are left. The key is
// for one program at a time; Close it.
func Open(u *URI, pin func(token string) (string, error), warn func(warning string)) (*Key, error) {
	k := &Key{}
	if err := k.load(u.Module); err != nil {
		return nil, err
	}
	err := k.findToken(u)
	if err == nil {
		k.session, err = k.module.OpenSession(k.slot, api.CKF_SERIAL_SESSION) // reads only
	}
	if err == nil {
		err = k.login(u, pin, warn)
	}
	if err == nil {
		err = k.findKey(u)
	}
	if err != nil {
		k.Close()
		return nil, err
	}
	return k, nil
}

func (k *Key) load(path string) error {
	if path == "" {
		return errors.New("no module: add ?module-path=FILE, the library of the token's maker (such as /usr/lib/softhsm/libsofthsm2.so)")
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("module-path: %w; name the library of the token's maker", err)
	}
	if k.module = api.New(path); k.module == nil {
		return fmt.Errorf("module-path %s: it cannot be loaded as a PKCS#11 module: it is no library for this machine, or lacks C_GetFunctionList, or a library that it needs", path)
	}
	if err := k.module.Initialize(); err != nil {
		k.module.Destroy()
		return fmt.Errorf("module-path %s: it does not start: %w; see its own configuration", path, err)
	}
	return nil
}

// findToken finds the one token that all of u matches.
func (k *Key) findToken(u *URI) error {
	slots, err := k.module.GetSlotList(true)
	if err != nil {
		return fmt.Errorf("asking the module for its tokens: %w", err)
	}
	var all, matching []string
	for _, slot := range slots {
		info, err := k.module.GetTokenInfo(slot)
		if err != nil || info.Flags&api.CKF_TOKEN_INITIALIZED == 0 {
			continue // empty, or pulled out since
		}
		name := fmt.Sprintf("token %q (serial %s, slot-id %d)", info.Label, info.SerialNumber, slot)
		all = append(all, name)
		if u.ofToken(slot, info) {
			matching = append(matching, name)
			k.slot, k.token = slot, info.Label
		}
	}
	switch {
	case len(all) == 0:
		return errors.New("the module has no token: is it plugged in, and initialized?")
	case len(matching) == 0:
		return fmt.Errorf("no token matches %s: there is %s", u, listed(all))
	case len(matching) > 1:
		return fmt.Errorf("several tokens match %s: %s; add serial= or slot-id=", u, listed(matching))
	}
	return nil
}

func (u *URI) ofToken(slot uint, info api.TokenInfo) bool {
	same := func(asked, found string) bool { return asked == "" || asked == found }
	return same(u.Token, info.Label) && same(u.Manufacturer, info.ManufacturerID) && same(u.Model, info.Model) && same(u.Serial, info.SerialNumber) &&
		(u.Slot == nil || *u.Slot == slot)
}

// listed is a list that people can read to its end.
func listed(all []string) string {
	const most = 10
	if len(all) > most {
		return strings.Join(all[:most], ", ") + fmt.Sprintf(" and %d more", len(all)-most)
	}
	return strings.Join(all, ", ")
}

// login logs in once. Where a token counts wrong PINs it says so in its flags.
func (k *Key) login(u *URI, ask func(string) (string, error), warn func(string)) error {
	info, err := k.module.GetTokenInfo(k.slot)
	switch {
	case err != nil:
		return fmt.Errorf("token %q: %w", k.token, err)
	case info.Flags&api.CKF_LOGIN_REQUIRED == 0:
		return nil
	case info.Flags&api.CKF_USER_PIN_LOCKED != 0:
		return fmt.Errorf("token %q is locked after wrong PINs: its security officer unlocks it; no PIN was tried", k.token)
	}
	if left := triesLeft(info.Flags); left != "" {
		warn(fmt.Sprintf("token %q: a PIN was wrong lately, %s", k.token, left))
	}
	if k.pin, err = ask(k.token); err != nil {
		return err
	}
	err = k.module.Login(k.session, api.CKU_USER, k.pin)
	switch {
	case err == nil || errors.Is(err, api.Error(api.CKR_USER_ALREADY_LOGGED_IN)):
		return nil
	case errors.Is(err, api.Error(api.CKR_PIN_INCORRECT)) || errors.Is(err, api.Error(api.CKR_PIN_LOCKED)):
		return k.wrongPIN()
	}
	return fmt.Errorf("token %q: logging in: %w", k.token, err)
}

func (k *Key) wrongPIN() error {
	left := "tokens lock after some wrong ones"
	if info, err := k.module.GetTokenInfo(k.slot); err == nil && triesLeft(info.Flags) != "" {
		left = triesLeft(info.Flags)
	}
	return fmt.Errorf("token %q: the PIN is wrong (it was tried once): %s", k.token, left)
}

// triesLeft is what the flags of a token say of its PIN, empty where nothing.
func triesLeft(flags uint) string {
	switch {
	case flags&api.CKF_USER_PIN_LOCKED != 0:
		return "and the token is locked now: its security officer unlocks it"
	case flags&api.CKF_USER_PIN_FINAL_TRY != 0:
		return "and one more wrong PIN locks the token"
	case flags&api.CKF_USER_PIN_COUNT_LOW != 0:
		return "and some more wrong ones lock the token"
	}
	return ""
}
