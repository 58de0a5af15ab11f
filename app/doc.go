// Package app assembles the stages into one running program: it opens the data
// folder, loads the workspace, starts the flow, serves the HTTP face and stops
// all of it again.
//
// What it guarantees: a data folder is used by one program at a time and stays in
// the environment, live or sandbox, it was made in; [App.Close] returns after
// everything acknowledged is durable and nothing is in the air. What it does not
// do: it holds no rule of the product. Everything it decides is how parts are put
// together.
package app
