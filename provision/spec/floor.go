package spec

// floor is what the controls of a spec's profiles ask of one setting, together.
type floor struct {
	wish
	// by are the layers that ask for it, in the order of the catalogue, and values what
	// each asks for.
	by     []Layer
	values []any
	// against is the first that asks for what the ones before it do not allow, -1 where
	// there is none.
	against int
}

// ask adds what one layer asks of a setting.
func ask(floors map[string]*floor, y Layer, w wish) {
	f := floors[w.path]
	if f == nil {
		f = &floor{wish: w, against: -1}
		floors[w.path] = f
	}
	if len(f.by) > 0 {
		stricter, ok := w.setting.Stricter(f.value, w.value)
		if !ok && f.against < 0 {
			f.against = len(f.by)
		}
		f.value = stricter
	}
	f.by, f.values = append(f.by, y), append(f.values, w.value)
}

// lacks says whether one that asks for a setting is not met by a value of it.
func (f *floor) lacks(value any) bool {
	for i := range f.by {
		if !f.met(i, value) {
			return true
		}
	}
	return false
}

// met says whether the one at i is met by a value.
func (f *floor) met(i int, value any) bool {
	return f.setting.Meets(value, f.values[i]) && (!f.by[i].Exactly || f.setting.Same(value, f.values[i]))
}

// ids are the controls that the value is from: those that asked for just that, or all
// where it is made of what each asked for.
func (f *floor) ids() []string {
	var all, exactly []string
	for i, y := range f.by {
		all = append(all, y.Control)
		if f.setting.Same(f.values[i], f.value) {
			exactly = append(exactly, y.Control)
		}
	}
	if len(exactly) > 0 {
		return exactly
	}
	return all
}
