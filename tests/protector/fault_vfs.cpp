#include "tests/protector/fault_vfs.hpp"

#include <sqlite3.h>

#include <string>

#include "tests/protector/fault_disk.hpp"

namespace holdfast::protector {
namespace {

struct Handle {
    sqlite3_file base;
    Disk* disk;
    DiskFile* file;
};

Handle& handle(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file); }
Disk& disk(sqlite3_vfs* vfs) { return *static_cast<Disk*>(vfs->pAppData); }
sqlite3_vfs* real() { return sqlite3_vfs_find("unix"); }

int close_file(sqlite3_file*) { return SQLITE_OK; }
int read_file(sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
    return handle(file).disk->read(*handle(file).file, static_cast<char*>(to), static_cast<std::size_t>(size),
                                   static_cast<std::size_t>(offset));
}
int write_file(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
    std::string bytes{static_cast<const char*>(from), static_cast<std::size_t>(size)};
    return handle(file).disk->write(*handle(file).file, std::move(bytes), static_cast<std::size_t>(offset));
}
int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
    return handle(file).disk->truncate(*handle(file).file, static_cast<std::size_t>(size));
}
int sync_file(sqlite3_file* file, int) { return handle(file).disk->sync(*handle(file).file); }
int size_of_file(sqlite3_file* file, sqlite3_int64* size) {
    *size = static_cast<sqlite3_int64>(handle(file).file->contents.size());
    return SQLITE_OK;
}
int lock_file(sqlite3_file*, int) { return SQLITE_OK; }
int is_reserved(sqlite3_file*, int* result) {
    *result = 0;
    return SQLITE_OK;
}
int control_file(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) { return 4096; }
// As SQLite's own VFS says of every disk: a write leaves the bytes beside it as they are.
int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

constexpr sqlite3_io_methods make_methods() {
    sqlite3_io_methods methods{};
    methods.iVersion = 1;
    methods.xClose = close_file;
    methods.xRead = read_file;
    methods.xWrite = write_file;
    methods.xTruncate = truncate_file;
    methods.xSync = sync_file;
    methods.xFileSize = size_of_file;
    methods.xLock = lock_file;
    methods.xUnlock = lock_file;
    methods.xCheckReservedLock = is_reserved;
    methods.xFileControl = control_file;
    methods.xSectorSize = sector_size;
    methods.xDeviceCharacteristics = characteristics;
    return methods;
}
constexpr sqlite3_io_methods kMethods = make_methods();

int open_file(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* flags_out) {
    file->pMethods = nullptr;
    DiskFile* opened = path == nullptr ? nullptr : disk(vfs).open(path, (flags & SQLITE_OPEN_CREATE) != 0);
    if (opened == nullptr) return SQLITE_CANTOPEN;
    handle(file) = Handle{{&kMethods}, &disk(vfs), opened};
    if (flags_out != nullptr) *flags_out = flags;
    return SQLITE_OK;
}
int delete_file(sqlite3_vfs* vfs, const char* path, int durably) { return disk(vfs).remove(path, durably != 0); }
int access_file(sqlite3_vfs* vfs, const char* path, int, int* result) {
    *result = disk(vfs).exists(path) ? 1 : 0;
    return SQLITE_OK;
}
int full_path(sqlite3_vfs*, const char* path, int size, char* to) { return real()->xFullPathname(real(), path, size, to); }
int randomness(sqlite3_vfs*, int size, char* to) { return real()->xRandomness(real(), size, to); }
int sleep(sqlite3_vfs*, int) { return 0; }
int current_time(sqlite3_vfs*, double* time) { return real()->xCurrentTime(real(), time); }
int last_error(sqlite3_vfs*, int, char*) { return 0; }

}  // namespace

struct FaultVfs::Registration {
    Disk disk;
    sqlite3_vfs vfs{};
};

FaultVfs::FaultVfs(DiskPlan plan, DiskCounts& counts)
    : registration_{std::make_unique<Registration>(Registration{Disk{plan, counts}, {}})} {
    sqlite3_vfs& vfs = registration_->vfs;
    vfs.iVersion = 1;
    vfs.szOsFile = sizeof(Handle);
    vfs.mxPathname = 1024;
    vfs.zName = kFaultVfs;
    vfs.pAppData = &registration_->disk;
    vfs.xOpen = open_file;
    vfs.xDelete = delete_file;
    vfs.xAccess = access_file;
    vfs.xFullPathname = full_path;
    vfs.xRandomness = randomness;
    vfs.xSleep = sleep;
    vfs.xCurrentTime = current_time;
    vfs.xGetLastError = last_error;
    sqlite3_vfs_register(&vfs, 0);
}

FaultVfs::~FaultVfs() { sqlite3_vfs_unregister(&registration_->vfs); }

}  // namespace holdfast::protector
