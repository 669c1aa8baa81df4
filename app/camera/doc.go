// Package camera gives the pictures of a camera one after another.
//
// Neither Go nor the window's toolkit has a camera, and each system has another
// way to one; so a well-kept program, ffmpeg, opens the camera (video4linux on
// Linux, DirectShow on Windows, AVFoundation on macOS) and writes small JPEG
// pictures into a pipe. decision 0157 tells what else was weighed.
//
// What a caller may rely on:
//
//   - Pictures exist in memory only. No file is made, no log names anything.
//   - Only the newest picture waits; those nobody took are overwritten.
//   - A picture is at most [MaxFrame] bytes and [MaxPixels] pixels, whatever the
//     program writes; more than that, or rubbish, ends the stream.
//   - [Stream.Close] ends the program at once. Nothing waits for it except the
//     next stream, since a camera serves one program at a time.
//   - What goes wrong is a problem of package civic with words for the officer:
//     no program, no camera, in use, not allowed, no pictures any more.
//
// A source is written FORMAT:INPUT as ffmpeg knows them, such as
// v4l2:/dev/video2; see [ParseSource]. Tests name pictures that were drawn
// (image2, lavfi) and so use the same program and the same pipe.
package camera
