// Refusing rows by the kind of their record. Level 4, the task's thread.
#include "transforms/reject.h"

namespace bywash::transforms {
namespace {

class Reject : public plugin::BoundTransform {
 public:
  using Message = Status (*)(std::string_view purpose, std::string_view found);
  Reject(Side side, std::string_view purpose, bool nulls_pass, Message message)
      : side_(side), purpose_(purpose), nulls_pass_(nulls_pass), message_(message) {}
  Status apply(Batch& batch) override {
    const Column& column = column_of(batch, side_);
    columnar::RowMask rows = batch.selected;
    rows.for_each([&](int64_t row) {
      bool null = column.is_null(row);
      if (null && nulls_pass_) return;
      std::string found = null                                                   ? "null"
                          : column.schema->type() == columnar::Type::kVariant ? java_class_of(value_at(column, row))
                                                                              : java_class_of(*column.schema);
      fail_row(batch, row, message_(purpose_, found));
    });
    return {};
  }
  bool edits_selected_only() const override { return true; }

 private:
  const Side side_;
  const std::string purpose_;
  const bool nulls_pass_;
  const Message message_;
};

class RejectAll : public plugin::BoundTransform {
 public:
  RejectAll(Side side, std::string_view purpose, std::string_view for_null)
      : side_(side), purpose_(purpose), for_null_(data_error(kDataException, std::string(for_null))) {}
  Status apply(Batch& batch) override {
    const Column& column = column_of(batch, side_);
    const Status not_struct = not_a_struct(purpose_, java_class_of(*column.schema));
    columnar::RowMask rows = batch.selected;
    rows.for_each([&](int64_t row) { fail_row(batch, row, column.is_null(row) ? for_null_ : not_struct); });
    return {};
  }
  bool edits_selected_only() const override { return true; }

 private:
  const Side side_;
  const std::string purpose_;
  const Status for_null_;
};

class RejectWith : public plugin::BoundTransform {
 public:
  RejectWith(Side side, Status status) : side_(side), status_(std::move(status)) {}
  Status apply(Batch& batch) override {
    const Column& column = column_of(batch, side_);
    columnar::RowMask rows = batch.selected;
    rows.for_each([&](int64_t row) {
      if (!column.is_null(row)) fail_row(batch, row, status_);
    });
    return {};
  }
  bool edits_selected_only() const override { return true; }

 private:
  const Side side_;
  const Status status_;
};

class PassThrough : public plugin::BoundTransform {
 public:
  Status apply(Batch&) override { return {}; }
  bool edits_selected_only() const override { return true; }
};

}  // namespace

std::unique_ptr<plugin::BoundTransform> reject_not_struct(Side side, std::string_view purpose, bool nulls_pass) {
  return std::make_unique<Reject>(side, purpose, nulls_pass, &not_a_struct);
}
std::unique_ptr<plugin::BoundTransform> reject_not_struct_nor_null(Side side, std::string_view purpose, std::string_view for_null) {
  return std::make_unique<RejectAll>(side, purpose, for_null);
}
std::unique_ptr<plugin::BoundTransform> reject_not_map(Side side, std::string_view purpose, bool nulls_pass) {
  return std::make_unique<Reject>(side, purpose, nulls_pass, &not_a_map);
}
std::unique_ptr<plugin::BoundTransform> reject_with(Side side, Status status) { return std::make_unique<RejectWith>(side, std::move(status)); }
std::unique_ptr<plugin::BoundTransform> pass_through() { return std::make_unique<PassThrough>(); }

}  // namespace bywash::transforms
