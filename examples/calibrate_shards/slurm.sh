#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The same on a cluster with Slurm: an array of jobs, each of which sees one
# shard, and one that follows when all are done.
#
#   slurm.sh MODEL OUT.tflite SHARD...    paths that every node can read
#
# What the shards showed stays in calibration/ beside OUT.tflite.
set -eu
model=$1 out=$2
shift 2
seen=$(dirname "$out")/calibration
mkdir -p "$seen"
printf '%s\n' "$@" > "$seen/shards"
array=$(sbatch --parsable --array="1-$#" --job-name=calibrate --wrap "
  shard=\$(sed -n \"\${SLURM_ARRAY_TASK_ID}p\" '$seen/shards')
  liteforge convert '$model' -o '$seen/'\$SLURM_ARRAY_TASK_ID.tflite \
    --representative-data \"\$shard\" \
    --calibration-out '$seen/'\$SLURM_ARRAY_TASK_ID.json")
sbatch --dependency="afterok:$array" --job-name=quantize --wrap "
  liteforge merge-calibration '$seen'/*.json -o '$seen/all' &&
  liteforge convert '$model' -o '$out' --optimize int8 \
    --calibration-in '$seen/all'"
