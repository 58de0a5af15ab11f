// Package calendar knows days: dates without a time of day and a zone, and which days
// a person means who says "on 11 November", "every Monday" or "on Easter Sunday".
//
// A [Day] becomes an instant only with a zone and a time of day ([Day.At]). Days are
// compared and counted as whole numbers, so no clock change ever loses one.
package calendar
