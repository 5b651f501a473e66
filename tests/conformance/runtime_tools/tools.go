// SPDX-License-Identifier: Apache-2.0

// Package conformance pins the version of the Open Container Initiative's validation programs.
package conformance
