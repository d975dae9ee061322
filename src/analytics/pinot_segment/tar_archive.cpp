// See tar_archive.h. Formats: gzip (RFC 1952), tar (POSIX ustar with pax headers, and GNU's long names).
#include "analytics/pinot_segment/tar_archive.h"

#include <arrow/util/compression.h>

#include <algorithm>
#include <charconv>

namespace bywash::analytics {
namespace {

constexpr size_t kBlock = 512;

Status damaged(std::string_view why) { return Status::invalid(fmt::format("The uploaded file is no whole .tar.gz of a segment: {}", why)); }

Status gunzip(std::string_view packed, int64_t bytes_max, std::string* out) {
  if (packed.size() < 2 || packed[0] != '\x1f' || packed[1] != '\x8b') return damaged("it does not begin as a gzip file");
  auto codec = arrow::util::Codec::Create(arrow::Compression::GZIP);
  if (!codec.ok()) return Status::host("Cannot unpack gzip: " + codec.status().message());
  auto decompressor = (*codec)->MakeDecompressor();
  if (!decompressor.ok()) return Status::host("Cannot unpack gzip: " + decompressor.status().message());
  const auto* input = reinterpret_cast<const uint8_t*>(packed.data());
  auto left = static_cast<int64_t>(packed.size());
  std::string chunk(size_t{1} << 20, '\0');
  while (!(*decompressor)->IsFinished()) {
    auto step = (*decompressor)->Decompress(left, input, static_cast<int64_t>(chunk.size()), reinterpret_cast<uint8_t*>(chunk.data()));
    if (!step.ok()) return damaged(step.status().message());
    if (step->bytes_read == 0 && step->bytes_written == 0) return damaged("it is cut off");
    input += step->bytes_read;
    left -= step->bytes_read;
    if (static_cast<int64_t>(out->size()) + step->bytes_written > bytes_max) return damaged(fmt::format("it unpacks to more than {} bytes", bytes_max));
    out->append(chunk, 0, static_cast<size_t>(step->bytes_written));
  }
  return {};
}

// A number of a header: octal, or binary where the first bit is set. Negative: it is none.
int64_t number_in(std::string_view field) {
  int64_t out = 0;
  if (!field.empty() && (field[0] & 0x80)) {
    for (size_t i = 0; i < field.size(); ++i) {
      if (out >= INT64_MAX >> 8) return -1;
      out = out << 8 | (static_cast<unsigned char>(field[i]) & (i == 0 ? 0x7f : 0xff));
    }
    return out;
  }
  while (!field.empty() && field.front() == ' ') field.remove_prefix(1);
  const size_t size = std::min(field.find_first_of(std::string_view("\0 ", 2)), field.size());
  auto [end, error] = std::from_chars(field.data(), field.data() + size, out, 8);
  return size > 0 && error == std::errc() && end == field.data() + size ? out : -1;
}

std::string_view text_in(std::string_view field) { return field.substr(0, std::min(field.find('\0'), field.size())); }

bool checksum_fits(std::string_view header) {
  int64_t sum = 0;
  for (size_t i = 0; i < kBlock; ++i) sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(header[i]);
  return number_in(header.substr(148, 8)) == sum;
}

// The path that a pax header gives the next entry; empty: none.
std::string pax_path(std::string_view records) {
  std::string out;
  while (!records.empty()) {
    size_t size = 0;
    auto [end, error] = std::from_chars(records.data(), records.data() + records.size(), size);
    const auto head = static_cast<size_t>(end - records.data()) + 1;
    if (error != std::errc() || size <= head || size > records.size()) return out;
    const std::string_view record = records.substr(head, size - head - 1);
    if (record.starts_with("path=")) out = record.substr(5);
    records.remove_prefix(size);
  }
  return out;
}

// Whether a path stays within the folder that it is unpacked to.
bool is_inside(std::string_view path) {
  if (path.empty() || path[0] == '/' || path.find('\\') != std::string_view::npos) return false;
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('/'));
    if (part == "..") return false;
    path.remove_prefix(std::min(part.size() + 1, path.size()));
  }
  return true;
}

Status read_entries(const TarLimits& limits, TarArchive* archive) {
  const std::string_view bytes = archive->bytes;
  std::string long_name;
  size_t at = 0;
  for (; at + kBlock <= bytes.size();) {
    const std::string_view header = bytes.substr(at, kBlock);
    if (header.find_first_not_of('\0') == std::string_view::npos) return {};  // the end
    if (!checksum_fits(header)) return damaged("an entry's checksum is wrong");
    const int64_t size = number_in(header.substr(124, 12));
    at += kBlock;
    if (size < 0 || static_cast<uint64_t>(size) > bytes.size() - at) return damaged("an entry is cut off");
    const std::string_view content = bytes.substr(at, static_cast<size_t>(size));
    at += std::min((static_cast<size_t>(size) + kBlock - 1) / kBlock * kBlock, bytes.size() - at);
    const char type = header[156];
    if (type == 'L') {
      long_name = text_in(content);
      continue;
    }
    if (type == 'x') {
      if (std::string path = pax_path(content); !path.empty()) long_name = std::move(path);
      continue;
    }
    if (type == 'g') continue;
    std::string path(text_in(header.substr(0, 100)));
    const std::string_view prefix = text_in(header.substr(345, 155));
    if (header.substr(257, 6) == std::string_view("ustar\0", 6) && !prefix.empty()) path = fmt::format("{}/{}", prefix, path);
    if (!long_name.empty()) path = std::exchange(long_name, {});
    while (path.starts_with("./")) path.erase(0, 2);
    if (type == '5') continue;
    if (!is_inside(path)) return damaged("an entry's path leaves the archive's folder");
    if (type != '0' && type != '\0') return damaged("it has entries other than folders and files");
    if (archive->files.size() >= limits.files) return damaged(fmt::format("it has more than {} files", limits.files));
    archive->files[path] = content;
  }
  return damaged("its end is missing");
}

}  // namespace

Result<std::unique_ptr<const TarArchive>> unpack_tar_gz(std::string_view packed, const TarLimits& limits) {
  auto out = std::make_unique<TarArchive>();
  RETURN_IF_ERROR(gunzip(packed, limits.unpacked_bytes, &out->bytes));
  RETURN_IF_ERROR(read_entries(limits, out.get()));
  return std::unique_ptr<const TarArchive>(std::move(out));
}

}  // namespace bywash::analytics
