#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Calibrates on many files of examples at once, with GNU parallel, and
# quantizes by what all of them showed.
#
#   parallel.sh MODEL OUT.tflite SHARD...    SHARD: .npy, .npz or a directory
#
# JOBS=N says how many at a time (default: one a core). The result is the same,
# byte for byte, as that of one run over all examples.
set -eu
model=$1 out=$2
shift 2
seen=$(mktemp -d)
trap 'rm -rf "$seen"' EXIT
parallel --will-cite --halt now,fail=1 --jobs "${JOBS:-100%}" \
  liteforge convert "$model" -o "$seen/{#}.tflite" \
  --representative-data {} --calibration-out "$seen/{#}.json" ::: "$@" \
  > /dev/null
liteforge merge-calibration "$seen"/*.json -o "$seen/all"
liteforge convert "$model" -o "$out" --optimize int8 --calibration-in "$seen/all"
