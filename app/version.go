package main

import "runtime/debug"

// version is the program's, as the build recorded it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	revision := ""
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 7 {
			revision = s.Value[:7]
		}
	}
	if info.Main.Version == "(devel)" || info.Main.Version == "" {
		return revision
	}
	return info.Main.Version
}
