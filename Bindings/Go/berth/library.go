package berth

/*
#cgo CFLAGS: -I${SRCDIR}/../../../include
#cgo LDFLAGS: -lberth -Wl,--no-as-needed -ljemalloc
#include "berth.h"
*/
import "C"

import "fmt"

// ABIVersion is the number that the loaded library was built with. It equals that of the header which this package was
// compiled against; the package does not start otherwise.
func ABIVersion() uint32 { return uint32(C.berth_abi_version()) }

// LibraryVersion is the loaded library's version, "major.minor.patch".
func LibraryVersion() string { return C.GoString(C.berth_version()) }

func init() {
	if ABIVersion() != C.BERTH_ABI_VERSION {
		panic(fmt.Sprintf("berth: libberth speaks ABI %d, this package was compiled for %d: use files of one release",
			ABIVersion(), uint32(C.BERTH_ABI_VERSION)))
	}
}
