// Package table runs matching over lists: any CSV with a map that names its
// columns, so that a registry can be made single before the first kit arrives.
//
// [Read] takes a list in; [Train] learns a model from lists without labels;
// [Cluster] finds who is one person within a list, [Link] across lists, [Score]
// weighs every likely pair; [Evaluate] compares with a column that tells the
// truth. Results are plain values, ready to be printed as JSON or written as
// CSV by [WriteClusters] and [WritePairs].
package table
