// Package people finds citizens by name in memory: an index built when the kit
// is unlocked and dropped when it is locked, so that no name lies on the disk in
// any other way than sealed.
//
// [Index.Add] takes persons, [Index.Settle] makes them findable, and
// [Index.Search] takes what an officer typed: names in any order, accents or
// not, up to two typing errors in a word, the last word unfinished, a birth year
// and the name of a place if he likes. A hundred thousand people take about 4 MB.
package people
