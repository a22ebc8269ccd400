// SPDX-License-Identifier: Apache-2.0
// numpy arrays of Python objects, as far as weights are stored in them.
#pragma once

#include <map>
#include <string>

#include "base/blob.h"
#include "formats/keras/h5.h"
#include "liteforge/result.h"

namespace liteforge {

// The arrays of a pickled dictionary {name: numpy array} that is the only
// element of a numpy array: what numpy.savez() makes of a dictionary, behind
// the header of a .npy member. Protocols 2 to 5. Nothing is executed: of
// Python's objects there are only those that numpy's arrays are written as.
// The arrays view `pickle`'s bytes. Errors, which do not say where:
// kUnsupported for anything else, big-endian numbers and column-major arrays
// included; kInvalidModel for a damaged stream.
Result<std::map<std::string, H5Dataset, std::less<>>> ReadPickledArrays(
    const Blob& pickle);

}  // namespace liteforge
