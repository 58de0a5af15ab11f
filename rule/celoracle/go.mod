module rapport/rule/celoracle

go 1.26.0

require (
	cel.dev/cel-go v0.33.2
	rapport v0.0.0
)

require (
	cel.dev/expr v0.25.1 // indirect
	github.com/antlr4-go/antlr/v4 v4.13.1 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	google.golang.org/genproto/googleapis/api v0.0.0-20240826202546-f6391c0de4c7 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20240826202546-f6391c0de4c7 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
)

// The version that others ask for can't be fetched.
require golang.org/x/exp v0.0.0-20261014143641-f0251eb4aa3e // indirect

replace rapport => ../..
