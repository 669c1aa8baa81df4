package theme

import (
	"path"

	"fyne.io/fyne/v2"
	base "fyne.io/fyne/v2/theme"

	"github.com/askonce/fieldkit/assets"
)

// IconName is one of the app's own drawings, the name of its file in
// assets/icons.
type IconName string

// The drawings.
const (
	IconApp       IconName = "app"
	IconAdd       IconName = "add"
	IconAloud     IconName = "aloud"
	IconAttention IconName = "attention"
	IconBack      IconName = "back"
	IconCentre    IconName = "centre"
	IconCheck     IconName = "check"
	IconDraft     IconName = "draft"
	IconFolder    IconName = "folder"
	IconForward   IconName = "forward"
	IconHelp      IconName = "help"
	IconLanguage  IconName = "language"
	IconLock      IconName = "lock"
	IconMore      IconName = "more"
	IconPerson    IconName = "person"
	IconPhoto     IconName = "photo"
	IconPrint     IconName = "print"
	IconReceipt   IconName = "receipt"
	IconRegister  IconName = "register"
	IconRemove    IconName = "remove"
	IconSave      IconName = "save"
	IconSearch    IconName = "search"
	IconSetAside  IconName = "setaside"
	IconSettings  IconName = "settings"
	IconSettled   IconName = "settled"
	IconStop      IconName = "stop"
	IconSync      IconName = "sync"
	IconUndo      IconName = "undo"
	IconWaiting   IconName = "waiting"
)

// Drawing is an icon's file; nil when there is none of that name, which Fyne
// draws as nothing.
func Drawing(n IconName) fyne.Resource {
	file := string(n) + ".svg"
	raw, err := assets.Icons.ReadFile(path.Join("icons", file))
	if err != nil {
		return nil
	}
	return fyne.NewStaticResource(file, raw)
}

// Icon is a drawing in the colour of the theme's words, or of another of the
// theme's colours.
func Icon(n IconName, in ...fyne.ThemeColorName) fyne.Resource {
	d := Drawing(n)
	if d == nil {
		return nil
	}
	t := base.NewThemedResource(d)
	if len(in) > 0 {
		t.ColorName = in[0]
	}
	return t
}
