// Package hub is a regional office's machine between kits and the centre: it
// takes in sealed files over the local network, cannot read them, and forwards
// them when the line is cheap. On the way back it carries what the centre
// signed and sealed: acknowledgements, outcomes, leases, key bundles.
//
// [Enrol] makes a folder a hub with a code of its own; [Open] opens it;
// [Hub.Serve] answers kits and forwards until its context ends. To a kit a hub
// looks like the centre: its certificate stands under the same root. But it can
// sign nothing, so a kit keeps everything until the centre's own word, and a
// hub that lies can only delay.
//
// In the folder: keys of the hub, the centre's root, bundle and certificate,
// files/ with the sealed files, ask/ with what each kit asked last, answer/
// with what the centre answered to that. A kit goes by its transport key here;
// the hub does not know whose it is.
package hub
