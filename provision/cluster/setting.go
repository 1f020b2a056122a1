package cluster

// SettingError is a setting that was understood and that what it is for would
// not take. Whoever finds one names the setting, so that it can be shown where
// it was written.
type SettingError struct {
	// Path is the setting as in [Cluster.Origins]: "kubelet.config.maxPods".
	Path string
	Err  error
}

// Error is the path and what is wrong.
func (e *SettingError) Error() string { return e.Path + ": " + e.Err.Error() }

// Unwrap is what is wrong.
func (e *SettingError) Unwrap() error { return e.Err }

// Fault is err as a fault of the setting at path; nil when err is.
func Fault(path string, err error) error {
	if err == nil {
		return nil
	}
	return &SettingError{Path: path, Err: err}
}
