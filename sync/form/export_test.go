package form

// Compile and Wanted are for tests that write their workbooks as tables.
var (
	Compile = compile
	Wanted  = wanted
)
