package dir

import (
	"maps"
	"slices"
	"strings"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
)

// find gives an upload of the key.
func (u *uploads) find(op string, ref object.Ref, id string) (*upload, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.locked(op, ref, id)
}

func (u *uploads) locked(op string, ref object.Ref, id string) (*upload, error) {
	one := u.open[id]
	if one == nil || one.Bucket != ref.Bucket || one.Key != ref.Key {
		return nil, failure.New(failure.NotFound, op, "no such upload")
	}
	return one, nil
}

// setPart notes a stored part and gives the file of the one it replaces.
func (u *uploads) setPart(op string, ref object.Ref, id string, p Part) (replaced string, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	one, err := u.locked(op, ref, id)
	if err != nil {
		return "", err
	}
	replaced = one.parts[p.Number].file
	one.parts[p.Number] = p
	return replaced, nil
}

// choose finds the parts that a completion names.
func (u *uploads) choose(op string, ref object.Ref, id string, named []Part) ([]Part, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	one, err := u.locked(op, ref, id)
	if err != nil {
		return nil, err
	}
	if len(named) == 0 {
		return nil, failure.New(failure.Invalid, op, "no part is named")
	}
	chosen := make([]Part, 0, len(named))
	for _, n := range named {
		p, ok := one.parts[n.Number]
		if !ok || strings.Trim(n.ETag, `"`) != strings.Trim(p.ETag, `"`) {
			return nil, failure.New(failure.Invalid, op, "part %d is not there or has another ETag", n.Number)
		}
		chosen = append(chosen, p)
	}
	return chosen, nil
}

// list gives the parts of an upload in order of number.
func (u *uploads) list(op string, ref object.Ref, id string) ([]Part, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	one, err := u.locked(op, ref, id)
	if err != nil {
		return nil, err
	}
	return slices.SortedFunc(maps.Values(one.parts), func(a, b Part) int { return a.Number - b.Number }), nil
}

// close ends an upload; a completed one is remembered with its version.
func (u *uploads) close(id string, info *object.Info) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.open, id)
	if info == nil {
		return
	}
	u.completed[id] = *info
	u.order = append(u.order, id)
	if len(u.order) > completedKept {
		delete(u.completed, u.order[0])
		u.order = u.order[1:]
	}
}

// again gives the version of an upload that was completed before, else err.
func (u *uploads) again(ref object.Ref, id string, err error) (object.Info, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	info, ok := u.completed[id]
	if !ok || info.Bucket != ref.Bucket || info.Key != ref.Key {
		return object.Info{}, err
	}
	return info, nil
}
