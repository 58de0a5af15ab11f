package memory

import (
	"bytes"
	"cmp"
	"container/heap"

	"rapport/store"
)

// wakeHeap holds every wake-up that was ever set and not yet found stale; it is
// stale when the record names another one. The earliest is at the top.
type wakeHeap []store.Wake

func (h wakeHeap) Len() int           { return len(h) }
func (h wakeHeap) Less(i, j int) bool { return compareWakes(h[i], h[j]) < 0 }
func (h wakeHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push and Pop are for package heap.
func (h *wakeHeap) Push(x any) { *h = append(*h, x.(store.Wake)) }

// Pop removes the last element.
func (h *wakeHeap) Pop() any {
	last := len(*h) - 1
	w := (*h)[last]
	*h = (*h)[:last]
	return w
}

func (h *wakeHeap) push(w store.Wake) { heap.Push(h, w) }
func (h *wakeHeap) pop() store.Wake   { return heap.Pop(h).(store.Wake) }

func compareWakes(a, b store.Wake) int {
	return cmp.Or(cmp.Compare(a.At, b.At), bytes.Compare(a.Customer[:], b.Customer[:]))
}
