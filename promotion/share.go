package promotion

import "slices"

// share parts total among weights in proportion, each part at most its room, by
// largest remainder: what a part is cut by its room goes to the others. The parts
// sum to total, or to all the room if that is less. Of equal remainders the first
// wins, so the order of the weights must not come from the order of an order's
// lines. A part without weight gets something only when no other has room.
func share(total int64, weights, rooms []int64) []int64 {
	parts := make([]int64, len(weights))
	open := make([]int, 0, len(weights))
	var room int64
	for i := range weights {
		if rooms[i] > 0 {
			open = append(open, i)
			room += rooms[i]
		}
	}
	for total = min(total, room); total > 0; {
		total -= once(total, weights, rooms, parts, open)
		open = slices.DeleteFunc(open, func(i int) bool { return parts[i] == rooms[i] })
	}
	return parts
}

// once shares among those that have room, cuts each part by that, and returns how
// much it gave out, which is something.
func once(total int64, weights, rooms, parts []int64, open []int) (given int64) {
	weight := func(i int) int64 { return weights[i] }
	var sum int64
	for _, i := range open {
		sum += weights[i]
	}
	if sum == 0 { // nothing but lines that cost nothing: all alike
		weight, sum = func(int) int64 { return 1 }, int64(len(open))
	}
	wish := make([]int64, len(open))
	rest := total
	for k, i := range open {
		wish[k] = mulDiv(weight(i), total, sum, 0)
		rest -= wish[k]
	}
	for _, k := range byRemainder(open, weight, total, sum)[:rest] {
		wish[k]++
	}
	for k, i := range open {
		part := min(wish[k], rooms[i]-parts[i])
		parts[i] += part
		given += part
	}
	return given
}

// byRemainder returns the places of open in the order in which they get one more.
func byRemainder(open []int, weight func(i int) int64, total, sum int64) []int {
	order := make([]int, len(open))
	remainder := make([]int64, len(open))
	for k, i := range open {
		order[k] = k
		remainder[k] = mulMod(weight(i), total, sum)
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case remainder[a] > remainder[b]:
			return -1
		case remainder[a] < remainder[b]:
			return 1
		}
		return 0
	})
	return order
}
