package spec

// floor is what the controls of a spec's profiles ask of one setting, together.
type floor struct {
	wish
	// by are the layers that ask for it, in the order of the catalogue, and values what
	// each asks for.
	by     []Layer
	values []any
}

// ask adds what one layer asks of a setting.
func ask(floors map[string]*floor, y Layer, w wish) {
	f := floors[w.path]
	if f == nil {
		f = &floor{wish: w}
		floors[w.path] = f
	}
	if len(f.by) > 0 {
		f.value, _ = w.setting.Stricter(f.value, w.value) // whether all are met by it is asked when all are there
	}
	f.by, f.values = append(f.by, y), append(f.values, w.value)
}

// agree finds a value that meets all, false where they contradict each other: what they
// come to together, else what one of them asks for, first of those that take no other.
func (f *floor) agree() bool {
	if !f.lacks(f.value) {
		return true
	}
	for _, exactly := range [...]bool{true, false} {
		for i, v := range f.values {
			if f.by[i].Exactly == exactly && !f.lacks(v) {
				f.value = v
				return true
			}
		}
	}
	return false
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
